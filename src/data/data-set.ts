/**
 * Samples on the device: written there once, read by every program of a run. A program takes its batches through a
 * `BatchView`: a part of the samples, in some order or as they lie. The last batch is as short as what is left: no row is
 * ever filled up, so that every loss, metric and layer sees samples alone.
 */
import { bytesPerElement } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { gatherBatch } from '../ops/indexing/batch.ts';
import { reshape } from '../ops/shape/reshape.ts';
import { variable } from '../ops/define.ts';
import type { HostTensor } from './tensor.ts';

interface Column {
  readonly variable: Variable;
  readonly scale: number;
  readonly offset: number;
}

export class DataSet {
  readonly samples: number;
  readonly features: readonly Column[];
  readonly labels: Column | undefined;
  readonly #engine: Engine;

  /** Takes memory on `engine` and fills it. Call `release()` when the last program has run. */
  constructor(engine: Engine, features: readonly HostTensor[], labels?: HostTensor) {
    this.#engine = engine;
    this.samples = features[0]!.shape[0]!;
    this.features = features.map((values, index) => column(values, `x${index === 0 ? '' : index}`));
    this.labels = labels && column(labels, 'y');
    try {
      this.write(features, labels);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Replaces all the samples by others of the same shapes and dtypes. */
  write(features: readonly HostTensor[], labels?: HostTensor): void {
    features.forEach(({ data }, index) => this.#engine.write(this.features[index]!.variable, data));
    if (labels) this.#engine.write(this.labels!.variable, labels.data);
  }

  /** What the samples take on the device. */
  get bytes(): number {
    return this.#columns.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesPerElement[dtype], 0);
  }

  release(): void {
    this.#engine.release(this.#columns);
  }

  get #columns(): Variable[] {
    return [...this.features, ...(this.labels ? [this.labels] : [])].map((column) => column.variable);
  }
}

function column({ shape, dtype, scale, offset }: HostTensor, name: string): Column {
  return { variable: variable(shape, { role: 'data', dtype, name }), scale, offset };
}

/** Which samples a program goes through, and how many at a time. */
export interface BatchView {
  readonly data: DataSet;
  readonly batch: number;
  /** How many samples: the first of the order, or of the data where there is none. */
  readonly count: number;
  /** int32 [samples]: the samples in their order; see `writeOrder`. */
  readonly order: Variable | null;
}

/** Steps of one batch size, in the order in which they run: first the whole batches, then the short last one, if there is one. */
export function batchSizes({ count, batch }: BatchView): { readonly size: number; readonly steps: number }[] {
  const sizes = [
    { size: batch, steps: Math.floor(count / batch) },
    { size: count % batch, steps: 1 },
  ];
  return sizes.filter(({ size, steps }) => size * steps > 0);
}

export interface Batch {
  readonly features: readonly Node[];
  readonly labels: Node | undefined;
}

/** The `batch` samples of `view` that begin at position `cursor`, an int32 scalar. */
export function batchAt({ data, order }: BatchView, cursor: Node, batch: number): Batch {
  const gather = ({ variable: values, scale, offset }: Column): Node => {
    // A kernel sees rows: the shape of a sample does not matter to it.
    const [samples = 0, ...shape] = values.shape;
    const rows = reshape(values, [samples, sizeOf(shape)]);
    return reshape(gatherBatch(rows, order, cursor, { batch, scale, offset }), [batch, ...shape]);
  };
  return { features: data.features.map(gather), labels: data.labels && gather(data.labels) };
}

/** Memory for an order of the samples of `data`. */
export function newOrder({ samples }: DataSet): Variable {
  return variable([samples], { role: 'data', dtype: 'int32', name: 'order' });
}

/** Writes the indices of the samples to go through. What lies behind them is not read. */
export function writeOrder(engine: Engine, order: Variable, samples: Int32Array): void {
  const all = new Int32Array(order.shape[0]!);
  all.set(samples);
  engine.write(order, all);
}

/** The samples from `begin` to `end` − 1 as they lie. */
export function range(begin: number, end: number): Int32Array {
  return Int32Array.from({ length: end - begin }, (_, index) => begin + index);
}
