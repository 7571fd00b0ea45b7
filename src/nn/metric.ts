/** What a metric is: sums that grow on the device over an epoch, and the number made of them at its end. */
import type { Node } from '../graph/node.ts';

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
