/**
 * Precision, recall and F1 as streaming metrics. The device counts true positives, predicted positives and actual positives of
 * each class. `classification-report.ts` computes the same from arrays.
 */
import { number } from '../../core/arguments.ts';
import type { ArgumentType } from '../../core/arguments.ts';
import { mul } from '../../ops/elementwise/arithmetic.ts';
import { argMax } from '../../ops/reduce/arg-max.ts';
import { greater } from '../../ops/elementwise/compare.ts';
import { oneHot } from '../../ops/indexing/one-hot.ts';
import { sum } from '../../ops/reduce/reduce.ts';
import { byClass, checkClassOptions, overClasses, ratio } from './class-counts.ts';
import type { ClassOptions } from './class-counts.ts';
import { checkTotals } from './metric.ts';
import type { Metric } from './metric.ts';

/** Options of `precision`, `recall` and `f1Score`. */
export interface PositiveOptions extends ClassOptions {
  /**
   * Predictions above the threshold are positive; null: only the most likely class is. Use 0 for logits. Default 0.5, or
   * null if `average` is given and there are several outputs.
   */
  readonly threshold?: number | null;
}

type Measure = (hits: number, predicted: number, actual: number) => number;

const orNull = (type: ArgumentType): ArgumentType => ({
  expected: `${type.expected}, or null`,
  accepts: (value) => value === null || type.accepts(value),
});

function positives(kind: string, given: ArrayLike<unknown>, measure: Measure): Metric {
  checkClassOptions(kind, given, { threshold: orNull(number()) });
  const options = (given[0] ?? {}) as PositiveOptions;
  const { threshold, average, name = kind } = options;
  return {
    name,
    sums: (...given) => {
      const { scores, actual, weights } = byClass(kind, options, given);
      const classes = scores.shape[1]!;
      const isLikeliest = classes > 1 && (threshold === null || (threshold === undefined && average !== undefined));
      const predicted = isLikeliest ? oneHot(argMax(scores), classes) : greater(scores, threshold ?? 0.5);
      const [counted, real] = [mul(predicted, weights), mul(actual, weights)];
      return [mul(counted, real), counted, real].map((ones) => sum(ones, 0));
    },
    result: (...given) => {
      const [hits, predicted, actual] = checkTotals(kind, given, 3);
      const classes = Array.from(hits!, (hit, index) => [hit, predicted![index]!, actual![index]!]);
      const measured = (counts: readonly number[]): number => measure(counts[0]!, counts[1]!, counts[2]!);
      return overClasses(classes, options, measured, (counts) => counts[2]!);
    },
  };
}

/**
 * Precision: TP / (TP + FP), the fraction of predicted positives that are positive; 0 if there are none. As Keras's
 * `Precision`, with additional class averages. Labels have the shape of the predictions or are class indices.
 *
 * @throws ValueError for an invalid option
 * @example
 * model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: [precision({ average: 'macro' })] });
 */
export function precision(_options: PositiveOptions = {}): Metric {
  return positives('precision', arguments, (hits, predicted) => ratio(hits, predicted));
}

/**
 * Recall: TP / (TP + FN), the fraction of positives that are predicted as such; 0 if there are none. Otherwise as `precision`.
 *
 * @throws ValueError for an invalid option
 */
export function recall(_options: PositiveOptions = {}): Metric {
  return positives('recall', arguments, (hits, _, actual) => ratio(hits, actual));
}

/**
 * F1 score, the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN); 0 if all three are 0. With `average` it matches
 * Keras's `F1Score` and scikit-learn's `f1_score`; without it, options apply as for `precision`.
 *
 * @throws ValueError for an invalid option
 */
export function f1Score(_options: PositiveOptions = {}): Metric {
  return positives('f1Score', arguments, (hits, predicted, actual) => ratio(2 * hits, predicted + actual));
}
