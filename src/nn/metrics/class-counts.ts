/**
 * Shared code of precision, recall, F1 and AUC: converts labels and predictions to [samples, classes], and averages a measure
 * over classes. Counts are exact up to 2²⁴ per batch and 2⁴⁸ per epoch.
 */
import { checkArguments, integer, oneOf, options } from '../../core/arguments.ts';
import type { ArgumentTable } from '../../core/arguments.ts';
import { requireOption } from '../../core/check.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { greater } from '../../ops/elementwise/compare.ts';
import { oneHot } from '../../ops/indexing/one-hot.ts';
import { broadcastTo } from '../../ops/shape/broadcast.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import { logName } from '../arguments.ts';
import { areWide, matchClassNumbers, matchLabels } from '../losses/labels.ts';
import { checkSums } from './metric.ts';

/** Options of metrics that are computed per class. */
export interface ClassOptions {
  /**
   * How to average over several outputs. `micro` sums the counts of all classes; `macro` is the unweighted mean over classes,
   * including those that never occur; `weighted` is the mean weighted by class frequency. Default `micro`.
   */
  readonly average?: 'micro' | 'macro' | 'weighted';
  /** Evaluates only this class, instead of an average. */
  readonly classId?: number;
  /** The name in logs and history. Default: the name of the function. */
  readonly name?: string;
}

/** Checks the arguments of a metric's factory. @param own types of the options that only this metric has */
export function checkClassOptions(caller: string, given: ArrayLike<unknown>, own: ArgumentTable): void {
  const types = { ...own, average: oneOf('micro', 'macro', 'weighted'), classId: integer(0), name: logName };
  checkArguments(caller, given, { options: options(types) });
  const { average, classId } = (given[0] ?? {}) as ClassOptions;
  const fits = classId === undefined || average === undefined;
  requireOption(caller, 'classId', classId, 'an integer ≥ 0, and without average', fits);
}

/** All float32 [samples, classes]. Each position of a sequence is a sample; a single output is one class. */
export interface ByClass {
  readonly scores: Node;
  /** 1 if the sample belongs to the class, otherwise 0. */
  readonly actual: Node;
  /** 1, or 0 for samples to ignore. */
  readonly weights: Node;
}

/**
 * Converts labels, predictions and mask to [samples, classes].
 *
 * @param given labels in the shape of the predictions (positive if above 0.5) or class indices; predictions; mask
 * @throws ShapeError for labels that do not fit; ValueError for a `classId` that the predictions do not have
 */
export function byClass(
  where: string,
  { classId = 0 }: ClassOptions,
  given: readonly [labels: Node, predictions: Node, mask: Node],
): ByClass {
  const [labels, predictions, mask] = checkSums(where, given);
  const { shape } = predictions;
  const classes = shape.length === 1 ? 1 : shape.at(-1)!;
  requireOption(where, 'classId', classId, `below the ${classes} outputs of the model`, classId < classes);
  const asNumbers = classes > 1 && !areWide(labels, predictions);
  const actual = asNumbers
    ? oneHot(matchClassNumbers(where, labels, predictions), classes)
    : greater(matchLabels(where, labels, predictions), 0.5);
  const column = reshape(mask, [mask.shape[0]!, ...shape.slice(1).map(() => 1)]);
  const rows = (node: Node): Node => reshape(node, [sizeOf(shape) / classes, classes]);
  return { scores: rows(predictions), actual: rows(actual), weights: rows(broadcastTo(column, shape)) };
}

/**
 * Averages a measure over classes.
 *
 * @param classes one list of counts per class, of equal length
 * @param measure computes the measure from the counts of one class, or from their sums over all classes
 * @param support returns the number of samples of a class from its counts
 */
export function overClasses(
  classes: readonly (readonly number[])[],
  { average = 'micro', classId }: ClassOptions,
  measure: (counts: readonly number[]) => number,
  support: (counts: readonly number[]) => number,
): number {
  if (classId !== undefined) return measure(classes[classId]!);
  if (average === 'micro') {
    return measure(classes[0]!.map((_, index) => total(classes.map((counts) => counts[index]!))));
  }
  const weights = classes.map((counts) => (average === 'macro' ? 1 : support(counts)));
  return ratio(total(classes.map((counts, index) => measure(counts) * weights[index]!)), total(weights));
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** part / whole; 0 if `whole` is 0, as in Keras. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
