/**
 * Area under the ROC or precision-recall curve as a streaming metric. The device counts true and false positives at some
 * hundred thresholds; the area is interpolated between these points. `roc-auc.ts` computes the exact value from arrays.
 */
import { boolean, integer, oneOf } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { mul, sub } from '../../ops/elementwise/arithmetic.ts';
import { sigmoid } from '../../ops/elementwise/activation.ts';
import { greater } from '../../ops/elementwise/compare.ts';
import { matmul } from '../../ops/product/matmul.ts';
import { constant } from '../../ops/define.ts';
import { sum } from '../../ops/reduce/reduce.ts';
import { expandDims } from '../../ops/shape/reshape.ts';
import { transpose } from '../../ops/shape/transpose.ts';
import { byClass, checkClassOptions, overClasses, ratio } from './class-counts.ts';
import type { ClassOptions } from './class-counts.ts';
import { checkTotals } from './metric.ts';
import type { Metric } from './metric.ts';

/** Options of `auc`. */
export interface AUCOptions extends ClassOptions {
  /** Number of thresholds, including two outside [0, 1]. Default 200. */
  readonly numThresholds?: number;
  /** `ROC`: true positive rate over false positive rate. `PR`: precision over recall, for rare positives. Default `ROC`. */
  readonly curve?: 'ROC' | 'PR';
  /** Whether the predictions are logits instead of probabilities. Default false. */
  readonly fromLogits?: boolean;
}

/** Counts per threshold, in ascending order, and total counts. */
interface CurveCounts {
  readonly truePositives: readonly number[];
  readonly falsePositives: readonly number[];
  readonly positives: number;
  readonly negatives: number;
}

/** Limits memory: the metric needs batch × outputs × thresholds numbers. */
const maxThresholds = 1e6;

/**
 * Area under the curve of a classifier with probabilities in [0, 1], interpolated as in Keras's `AUC`. `average: 'micro'` (the
 * default) treats all outputs as one list; `'macro'` corresponds to Keras's `multi_label`. The area is 0 if there are no
 * positives, and for ROC also if there are no negatives. NaN predictions are above no threshold. Needs memory for batch ×
 * outputs × thresholds numbers.
 *
 * @throws ValueError for an invalid option
 * @example
 * model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: [auc({ curve: 'PR' })] });
 */
export function auc(options: AUCOptions = {}): Metric {
  const types = { numThresholds: integer(2, maxThresholds), curve: oneOf('ROC', 'PR'), fromLogits: boolean };
  checkClassOptions('auc', arguments, types);
  const { numThresholds = 200, curve = 'ROC', fromLogits = false, name = 'auc' } = options;
  const area = curve === 'ROC' ? areaUnderROC : areaUnderPR;
  return {
    name,
    sums: (...given) => {
      const { scores, actual, weights } = byClass('auc', options, given);
      const perClass = (values: Node): Node => transpose(values, [1, 0]);
      const probabilities = perClass(fromLogits ? sigmoid(scores) : scores);
      const above = greater(expandDims(probabilities, -1), constant(thresholds(numThresholds)));
      const kinds = [actual, sub(1, actual)].map((kind) => expandDims(perClass(mul(kind, weights)), 1));
      // [classes, 1, samples] · [classes, samples, thresholds]: sums of zeros and ones, so the counts are exact.
      return [...kinds.map((kind) => matmul(kind, above)), ...kinds.map((kind) => sum(kind, -1))];
    },
    result: (...given) => {
      const [truePositives, falsePositives, positives, negatives] = checkTotals('auc', given, 4);
      const classes = Array.from(positives!, (_, index) => {
        const own = [index * numThresholds, (index + 1) * numThresholds] as const;
        const curves = [...truePositives!.subarray(...own), ...falsePositives!.subarray(...own)];
        return [...curves, positives![index]!, negatives![index]!];
      });
      const measure = (counts: readonly number[]): number =>
        area({
          truePositives: counts.slice(0, numThresholds),
          falsePositives: counts.slice(numThresholds, -2),
          positives: counts.at(-2)!,
          negatives: counts.at(-1)!,
        });
      return overClasses(classes, options, measure, (counts) => counts.at(-2)!);
    },
  };
}

/** Evenly spaced in [0, 1]. The first and last are slightly outside: all predictions are above the first, none above the last. */
function thresholds(count: number): Float32Array {
  const values = Float32Array.from({ length: count }, (_, index) => index / (count - 1));
  values[0] = -1e-7;
  values[count - 1] = 1 + 1e-7;
  return values;
}

/** Trapezoidal rule for the true positive rate over the false positive rate. */
function areaUnderROC({ truePositives, falsePositives, positives, negatives }: CurveCounts): number {
  const y = truePositives.map((count) => ratio(count, positives));
  const x = falsePositives.map((count) => ratio(count, negatives));
  return sumOverSegments(y.length, (from, to) => ((x[from]! - x[to]!) * (y[from]! + y[to]!)) / 2);
}

/**
 * Between two points, TP is interpolated linearly in the number of predicted positives, TP = slope · predicted + intercept;
 * precision, TP / predicted, is not linear (Davis and Goadrich: The Relationship Between Precision-Recall and ROC Curves;
 * ICML 2006). The integral of TP / predicted over TP is slope · (ΔTP + intercept · log(predicted / previous predicted)).
 */
function areaUnderPR({ truePositives, falsePositives, positives }: CurveCounts): number {
  const predicted = truePositives.map((count, index) => count + falsePositives[index]!);
  return sumOverSegments(predicted.length, (from, to) => {
    const gained = truePositives[from]! - truePositives[to]!;
    const slope = ratio(gained, predicted[from]! - predicted[to]!);
    const intercept = truePositives[to]! - slope * predicted[to]!;
    const growth = predicted[to]! > 0 ? Math.log(predicted[from]! / predicted[to]!) : 0;
    return ratio(slope * (gained + intercept * growth), positives);
  });
}

/** Sums `areaOf` over neighbouring points; `from` has the lower threshold. */
function sumOverSegments(points: number, areaOf: (from: number, to: number) => number): number {
  let sum = 0;
  for (let from = 0; from + 1 < points; from++) sum += areaOf(from, from + 1);
  return sum;
}
