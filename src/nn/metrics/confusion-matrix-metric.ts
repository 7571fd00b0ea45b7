/**
 * The confusion matrix as a streaming metric: counted on the device over an epoch or an evaluation, as one product of what
 * is and what is predicted. `confusion-matrix.ts` has the same of arrays.
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

export interface ConfusionMatrixMetricOptions {
  /** Of a single output: above it the prediction is class 1. Default 0.5; 0 for logits. */
  readonly threshold?: number;
  /** In logs and history. Default `confusionMatrix`. */
  readonly name?: string;
}

export interface ConfusionMatrixMetric extends Metric {
  /**
   * int32 [classes, classes] of what was read last, the training samples or those of the evaluation: row the label's
   * class, column the predicted one's. Throws `StateError` before anything was.
   */
  readonly matrix: HostTensor;
}

/** Of one output the columns of class 0 and class 1. */
const bothClasses = (positive: Node): Node => concatenate([sub(1, positive), positive], 1);

/**
 * How often each class is predicted for each, over all samples so far. A model with one output has two classes. In logs it
 * is one number, the share of the samples on the diagonal; the counts are `matrix`. They are exact.
 *
 * @throws ValueError for options that are none
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
      const hits = counts.reduce((sum, count, place) => sum + (place % (classes + 1) === 0 ? count : 0), 0);
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
