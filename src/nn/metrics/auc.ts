/**
 * The area under a curve over all thresholds, as a streaming metric: positives above each of some hundred thresholds are
 * counted on the device, and the area is that under the line through the points. `roc-auc.ts` has the exact one, of arrays.
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

export interface AUCOptions extends ClassOptions {
  /** How many points the curve has; two of them lie outside [0, 1]. Default 200. */
  readonly numThresholds?: number;
  /** `ROC`: true against false positive rate; `PR`: precision against recall, for few positives. Default `ROC`. */
  readonly curve?: 'ROC' | 'PR';
  /** Whether the predictions are logits and not probabilities. Default false. */
  readonly fromLogits?: boolean;
}

/** Counts at each threshold, from the lowest on, and of all samples. */
interface CurveCounts {
  readonly truePositives: readonly number[];
  readonly falsePositives: readonly number[];
  readonly positives: number;
  readonly negatives: number;
}

/** Each takes memory for every sample of a batch. */
const mostThresholds = 1e6;

/**
 * The area under the curve of a classifier with probabilities from 0 to 1, as Keras's `AUC` makes it by interpolation:
 * `average: 'micro'`, the default, takes all outputs as one list, `'macro'` is Keras's `multi_label`. 0 where there are
 * no positives, and for ROC where there are no negatives. NaN is above no threshold. Takes memory for batch × outputs ×
 * thresholds numbers.
 */
export function auc(options: AUCOptions = {}): Metric {
  const types = { numThresholds: integer(2, mostThresholds), curve: oneOf('ROC', 'PR'), fromLogits: boolean };
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
      // [classes, 1, samples] · [classes, samples, thresholds]: ones are summed, so every count is exact.
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

/** Evenly over [0, 1]; the ends lie a little outside, so that everything is above the first and nothing above the last. */
function thresholds(count: number): Float32Array {
  const values = Float32Array.from({ length: count }, (_, index) => index / (count - 1));
  values[0] = -1e-7;
  values[count - 1] = 1 + 1e-7;
  return values;
}

/** Trapezoids under the true positive rate over the false positive rate. */
function areaUnderROC({ truePositives, falsePositives, positives, negatives }: CurveCounts): number {
  const height = truePositives.map((count) => ratio(count, positives));
  const place = falsePositives.map((count) => ratio(count, negatives));
  return overSegments(height.length, (from, to) => ((place[from]! - place[to]!) * (height[from]! + height[to]!)) / 2);
}

/**
 * Between two points true positives grow in proportion to all that is found, TP = slope · found + intercept, while
 * precision, TP / found, does not (Davis and Goadrich: The Relationship Between Precision-Recall and ROC Curves; ICML
 * 2006). The integral of TP / found over TP is slope · (ΔTP + intercept · log(found / found before)).
 */
function areaUnderPR({ truePositives, falsePositives, positives }: CurveCounts): number {
  const found = truePositives.map((count, index) => count + falsePositives[index]!);
  return overSegments(found.length, (from, to) => {
    const gained = truePositives[from]! - truePositives[to]!;
    const slope = ratio(gained, found[from]! - found[to]!);
    const intercept = truePositives[to]! - slope * found[to]!;
    const growth = found[to]! > 0 ? Math.log(found[from]! / found[to]!) : 0;
    return ratio(slope * (gained + intercept * growth), positives);
  });
}

/** The sum over neighbouring points; `from` has the lower threshold. */
function overSegments(points: number, areaOf: (from: number, to: number) => number): number {
  let sum = 0;
  for (let from = 0; from + 1 < points; from++) sum += areaOf(from, from + 1);
  return sum;
}
