/**
 * Training data on the device: uploaded once and read by every program of a training run. A program reads batches through a
 * `BatchView`, which selects some or all of the samples, optionally in a given order. The last batch may be smaller: batches
 * are never padded, so losses, metrics and layers see only real samples.
 */
import { bytesPerElement } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { gatherBatch } from '../ops/indexing/batch.ts';
import { reshape } from '../ops/shape/reshape.ts';
import { variable } from '../ops/define.ts';
import type { HostTensor } from './tensor.ts';

/** One array of the data set on the device. */
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

  /** Allocates memory on `engine` and uploads the data. Call `release()` after the last program has run. */
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

  /** Replaces all samples with others of the same shapes and dtypes. */
  write(features: readonly HostTensor[], labels?: HostTensor): void {
    features.forEach(({ data }, index) => this.#engine.write(this.features[index]!.variable, data));
    if (labels) this.#engine.write(this.labels!.variable, labels.data);
  }

  /** Device memory of the samples, in bytes. */
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

/** The samples that a program processes, and the batch size. */
export interface BatchView {
  readonly data: DataSet;
  readonly batch: number;
  /** Number of samples: the first `count` of `order`, or of the data when `order` is null. */
  readonly count: number;
  /** int32 [samples]: sample indices in processing order; see `writeOrder`. */
  readonly order: Variable | null;
}

/** Batch sizes of an epoch in execution order: the full batches, then the smaller last batch if there is one. */
export function batchSizes({ count, batch }: BatchView): { readonly size: number; readonly steps: number }[] {
  const sizes = [
    { size: batch, steps: Math.floor(count / batch) },
    { size: count % batch, steps: 1 },
  ];
  return sizes.filter(({ size, steps }) => size * steps > 0);
}

/** Tensors [batch, ...sample shape] with scale and offset applied. */
export interface Batch {
  readonly features: readonly Node[];
  readonly labels: Node | undefined;
}

/** Builds the nodes of the batch that starts at position `cursor`, an int32 scalar. */
export function batchAt({ data, order }: BatchView, cursor: Node, batch: number): Batch {
  const gather = ({ variable: values, scale, offset }: Column): Node => {
    // The gather kernel works on rows and does not depend on the shape of a sample.
    const [samples = 0, ...shape] = values.shape;
    const rows = reshape(values, [samples, sizeOf(shape)]);
    return reshape(gatherBatch(rows, order, cursor, { batch, scale, offset }), [batch, ...shape]);
  };
  return { features: data.features.map(gather), labels: data.labels && gather(data.labels) };
}

/** A variable that holds an order of the samples of `data`, int32 [samples]. */
export function newOrder({ samples }: DataSet): Variable {
  return variable([samples], { role: 'data', dtype: 'int32', name: 'order' });
}

/** Writes the indices of the samples to process. Entries after them are not read. */
export function writeOrder(engine: Engine, order: Variable, samples: Int32Array): void {
  const all = new Int32Array(order.shape[0]!);
  all.set(samples);
  engine.write(order, all);
}

/** Sample indices from `begin` to `end` − 1. */
export function range(begin: number, end: number): Int32Array {
  return Int32Array.from({ length: end - begin }, (_, index) => begin + index);
}
