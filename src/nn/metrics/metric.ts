/** The metric interface: sums that the device accumulates over an epoch, and the result computed from them at its end. */
import { checkArguments } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { node } from '../arguments.ts';

/** A streaming metric; a custom metric implements this interface. */
export interface Metric {
  /** The name in logs and history, such as `accuracy`. */
  readonly name: string;
  /**
   * Builds what one batch adds to each sum: float32 nodes whose shapes do not depend on the batch size.
   *
   * @param labels as passed to `fit`, with the batch axis; reshaped to the shape of the predictions if the shapes differ only
   *   by a last axis of size 1
   * @param predictions the model's output
   * @param mask float32 [batch]: 1 for samples that count (all of them in `fit` and `evaluate`), 0 for samples to ignore
   */
  sums(labels: Node, predictions: Node, mask: Node): readonly Node[];
  /** Computes the metric from the sums over the epoch, in the same order. Each sum has about 48 significant bits. */
  result(sums: readonly Float64Array[]): number;
}

/** Checks the arguments of a metric's `sums`. Throws `ValueError` unless they are three tensors. */
export function checkSums(caller: string, given: readonly [Node, Node, Node]): readonly [Node, Node, Node] {
  checkArguments(`${caller}.sums`, given, { labels: node, predictions: node, mask: node });
  return given;
}

/** Checks the argument of a metric's `result`. Throws `ValueError` unless it consists of `count` typed arrays. */
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
