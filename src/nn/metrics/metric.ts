/** What a metric is: sums that grow on the device over an epoch, and the number made of them at its end. */
import { checkArguments } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { node } from '../arguments.ts';

export interface Metric {
  /** As it appears in logs and in the history: `accuracy`. */
  readonly name: string;
  /**
   * What one batch adds: float32 nodes of fixed shape.
   *
   * @param labels as given to `fit`, with the batch axis; in the shape of the predictions where a last axis of 1 is all that differs
   * @param predictions the model's output
   * @param mask float32 [batch]: 1 for a sample that counts, as all do in `fit` and `evaluate`, 0 for one that does not
   */
  sums(labels: Node, predictions: Node, mask: Node): readonly Node[];
  /** The metric from the epoch's sums, in the same order; each has about 48 significant bits. */
  result(sums: readonly Float64Array[]): number;
}

/** The arguments of a metric's `sums`. Throws `ValueError` for anything but three tensors. */
export function checkSums(caller: string, given: readonly [Node, Node, Node]): readonly [Node, Node, Node] {
  checkArguments(`${caller}.sums`, given, { labels: node, predictions: node, mask: node });
  return given;
}

/** The sums that a metric's `result` is given. Throws `ValueError` for anything but `count` typed arrays. */
export function checkTotals<T extends ArrayLike<number>>(
  caller: string,
  given: readonly [readonly T[]],
  count: number,
): readonly T[] {
  const isTotals = (value: unknown): boolean =>
    Array.isArray(value) && value.length === count && Array.from<unknown>(value).every(isValues);
  const expected = `an array of ${count} typed arrays, of what sums() returns`;
  checkArguments(`${caller}.result`, given, { sums: { expected, accepts: isTotals, isRequired: true } });
  return given[0];
}

function isValues(value: unknown): boolean {
  return ArrayBuffer.isView(value) && 'subarray' in value;
}
