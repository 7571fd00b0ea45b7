/**
 * The confusion matrix as a streaming metric. The device computes it as a matrix product of one-hot labels and one-hot
 * predictions. `confusion-matrix.ts` computes the same from arrays.
 */
import { checkArguments, number, options } from '../../core/arguments.ts';
import { StateError } from '../../core/errors.ts';
import type { Node } from '../../graph/node.ts';
import { argMax } from '../../ops/reduce/arg-max.ts';
import { mul, sub } from '../../ops/elementwise/arithmetic.ts';
import { greater } from '../../ops/elementwise/compare.ts';
import { concatenate } from '../../ops/shape/concatenate.ts';
import { matmul } from '../../ops/product/matmul.ts';
import { oneHot } from '../../ops/indexing/one-hot.ts';
import { HostTensor } from '../../data/tensor.ts';
import { logName } from '../arguments.ts';
import { byClass, ratio } from './class-counts.ts';
import { checkTotals } from './metric.ts';
import type { Metric } from './metric.ts';

/** Options of `confusionMatrixMetric`. */
export interface ConfusionMatrixMetricOptions {
  /** For a single output: predictions above the threshold are class 1. Use 0 for logits. Default 0.5. */
  readonly threshold?: number;
  /** The name in logs and history. Default `confusionMatrix`. */
  readonly name?: string;
}

/** A metric with the counts in `matrix`. */
export interface ConfusionMatrixMetric extends Metric {
  /**
   * int32 [classes, classes]: counts of the most recent epoch or evaluation; the row is the label's class, the column the
   * predicted class. Throws `StateError` before the first result.
   */
  readonly matrix: HostTensor;
}

/** Expands a single output to columns for class 0 and class 1. */
const bothClasses = (positive: Node): Node => concatenate([sub(1, positive), positive], 1);

/**
 * Confusion matrix over an epoch or evaluation. A model with one output has two classes. Logs contain one number, the fraction
 * of samples on the diagonal; `matrix` contains the exact counts.
 *
 * @throws ValueError for an invalid option
 * @example
 * const confusion = confusionMatrixMetric();
 * model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: [confusion] });
 * await model.evaluate(x, y);
 * confusion.matrix.data; // [true negatives, false positives, false negatives, true positives]
 */
export function confusionMatrixMetric(chosen: ConfusionMatrixMetricOptions = {}): ConfusionMatrixMetric {
  checkArguments('confusionMatrixMetric', arguments, { options: options({ threshold: number(), name: logName }) });
  const { threshold = 0.5, name = 'confusionMatrix' } = chosen;
  let matrix: HostTensor | undefined;
  return {
    name,
    sums: (...given) => {
      const { scores, actual, weights } = byClass('confusionMatrixMetric', {}, given);
      const classes = scores.shape[1]!;
      const predicted = classes === 1 ? bothClasses(greater(scores, threshold)) : oneHot(argMax(scores), classes);
      const real = mul(classes === 1 ? bothClasses(actual) : actual, weights);
      return [matmul(real, predicted, { transposeA: true })];
    },
    result: (...given) => {
      const [sums] = checkTotals('confusionMatrixMetric', given, 1);
      const counts = Int32Array.from(sums!);
      const classes = Math.sqrt(counts.length);
      matrix = new HostTensor(counts, [classes, classes]);
      const hits = counts.reduce((sum, count, index) => sum + (index % (classes + 1) === 0 ? count : 0), 0);
      return ratio(
        hits,
        counts.reduce((sum, count) => sum + count, 0),
      );
    },
    get matrix() {
      if (matrix) return matrix;
      throw new StateError(`${name}: nothing is counted yet: give it to compile({ metrics }), then fit or evaluate`);
    },
  };
}
