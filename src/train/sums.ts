/**
 * Loss and metrics of an epoch: compensated sums in device state. Every step adds to them, and the host computes the reported
 * values from them a few times per second.
 */
import { typedArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import type { Metric } from '../nn/metrics/metric.ts';
import { add } from '../ops/elementwise/arithmetic.ts';
import { variable } from '../ops/define.ts';
import { sumError } from '../ops/elementwise/sum-error.ts';
import type { Update } from '../optim/optimizer.ts';

/** Values by name: `{ loss, accuracy, val_loss, val_accuracy }`. */
export type Logs = Record<string, number>;

/** Result of an evaluation: the loss, and each metric by name. */
export interface Results {
  readonly loss: number;
  readonly [metric: string]: number;
}

export class Sums {
  /** Created by the first call of `add`: the totals, then the rounding error of each. */
  variables: readonly Variable[] = [];
  readonly #engine: Engine;
  /** Number of sums of the loss and of each metric. */
  #counts: readonly number[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Builds the updates that add the terms of one batch. Called once for each batch size.
   *
   * @param parts first [loss · samples, samples], then the sums of each metric
   */
  add(parts: readonly (readonly Node[])[]): Update[] {
    const nodes = parts.flat();
    if (this.variables.length === 0) {
      this.#counts = parts.map(({ length }) => length);
      this.variables = ['sum', 'rest'].flatMap((kind) =>
        nodes.map(({ shape }, index) => variable(shape, { name: `${kind}_${index}` })),
      );
    }
    // Compensated summation (Kahan 1965): the next addition includes the rounding error of the total.
    return nodes.flatMap((node, index): Update[] => {
      const [total, rest] = [this.variables[index]!, this.variables[nodes.length + index]!];
      const added = add(node, rest);
      const next = add(total, added);
      return [
        [total, next],
        [rest, sumError(next, total, added)],
      ];
    });
  }

  /** Sets every sum to zero. */
  reset(): void {
    for (const total of this.variables) this.#engine.write(total, typedArray('float32', sizeOf(total.shape)));
  }

  /** Returns the loss and each metric over the samples so far. All sums are read after the same step. */
  async read(metrics: readonly Metric[]): Promise<Results> {
    const read = await Promise.all(this.variables.map((total) => this.#engine.read(total)));
    const rests = read.splice(read.length / 2);
    const values = read.map((total, index) =>
      Float64Array.from(total, (value, element) => value + rests[index]![element]!),
    );
    const [lossSum, count] = [values[0]![0]!, values[1]![0]!];
    const results: Logs & Results = { loss: lossSum / count };
    let next = this.#counts[0]!;
    metrics.forEach((metric, index) => {
      const own = this.#counts[index + 1]!;
      results[metric.name] = metric.result(values.slice(next, next + own));
      next += own;
    });
    return results;
  }
}
