/**
 * What precision, recall, F1 and AUC share: labels and predictions as samples by classes, and one number made of the
 * counts that each class has gathered over an epoch. Counts are exact: up to 2²⁴ in a batch, 2⁴⁸ in an epoch.
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

/** Checks the arguments of a metric's factory. @param own what its own options may be */
export function checkClassOptions(caller: string, given: ArrayLike<unknown>, own: ArgumentTable): void {
  const types = { ...own, average: oneOf('micro', 'macro', 'weighted'), classId: integer(0), name: logName };
  checkArguments(caller, given, { options: options(types) });
  const { average, classId } = (given[0] ?? {}) as ClassOptions;
  const fits = classId === undefined || average === undefined;
  requireOption(caller, 'classId', classId, 'an integer ≥ 0, and without average', fits);
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
