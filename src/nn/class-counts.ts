/**
 * What precision, recall, F1 and AUC share: labels and predictions as samples by classes, and one number made of the
 * counts that each class has gathered over an epoch. Counts are exact: up to 2²⁴ in a batch, 2⁴⁸ in an epoch.
 */
import { requireOption } from '../core/check.ts';
import { sizeOf } from '../core/shape.ts';
import type { Node } from '../graph/node.ts';
import { greater } from '../ops/compare.ts';
import { oneHot } from '../ops/one-hot.ts';
import { broadcastTo } from '../ops/broadcast.ts';
import { reshape } from '../ops/reshape.ts';
import { areWide, matchClassNumbers, matchLabels } from './labels.ts';

export interface ClassOptions {
  /**
   * For several outputs. `micro` counts all of them together; `macro` is the mean of the classes, one that never occurs
   * included; `weighted` their mean by how often each occurs. Default `micro`.
   */
  readonly average?: 'micro' | 'macro' | 'weighted';
  /** Only this class, instead of an average. */
  readonly classId?: number;
  /** In logs and history, where a model has several of a kind. Default: the function's own name. */
  readonly name?: string;
}

/** Throws `ValueError` for options that are none. */
export function checkClassOptions(where: string, { average, classId, name }: ClassOptions): void {
  const isAverage = average === undefined || ['micro', 'macro', 'weighted'].includes(average);
  requireOption(where, 'average', average, "'micro', 'macro' or 'weighted'", isAverage);
  const isClass = classId === undefined || (Number.isInteger(classId) && classId >= 0 && average === undefined);
  requireOption(where, 'classId', classId, 'an integer ≥ 0, and without average', isClass);
  requireOption(where, 'name', name, 'a text', name === undefined || (typeof name === 'string' && name !== ''));
}

/** All float32 [samples, classes]; a sequence's places count as samples, and a single output as one class. */
export interface ByClass {
  readonly scores: Node;
  /** 1 where the sample is of the class, else 0. */
  readonly actual: Node;
  /** 1, or 0 for a sample that does not count. */
  readonly weights: Node;
}

/**
 * @param labels in the shape of the predictions, of which those above 0.5 count as 1, or class numbers
 * @throws ShapeError for labels that do not fit; ValueError for a class that the predictions do not have
 */
export function byClass(
  where: string,
  { classId = 0 }: ClassOptions,
  [labels, predictions, mask]: readonly [labels: Node, predictions: Node, mask: Node],
): ByClass {
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
 * One number of several classes.
 *
 * @param classes the counts of each class, as many for each
 * @param measure the number for one class, or for the sums over all
 * @param support how many samples a class has, of its counts
 */
export function overClasses(
  classes: readonly (readonly number[])[],
  { average = 'micro', classId }: ClassOptions,
  measure: (counts: readonly number[]) => number,
  support: (counts: readonly number[]) => number,
): number {
  if (classId !== undefined) return measure(classes[classId]!);
  if (average === 'micro') {
    return measure(classes[0]!.map((_, place) => total(classes.map((counts) => counts[place]!))));
  }
  const weights = classes.map((counts) => (average === 'macro' ? 1 : support(counts)));
  return ratio(total(classes.map((counts, index) => measure(counts) * weights[index]!)), total(weights));
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** 0 where there is nothing to divide by, as in Keras. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
