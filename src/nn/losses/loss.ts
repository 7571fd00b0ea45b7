/** What a loss is: one value for each sample, before it is averaged. The losses themselves are in `losses.ts`. */
import { checkArguments } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { node } from '../arguments.ts';

/**
 * Gives float32 [batch]. In training labels have the shape of the predictions where both differ by a last axis of 1 alone,
 * [batch] and [batch, 1]; else the shape in which they were given. `predictions` may come straight from a softmax or sigmoid: a loss that knows a stable form
 * for it reads the logits below it instead.
 */
export type LossFunction = (labels: Node, predictions: Node) => Node;

/** A loss that checks its arguments. */
export function defineLoss(name: string, formula: LossFunction): LossFunction {
  return (...given) => {
    checkArguments(name, given, { labels: node, predictions: node });
    return formula(...given);
  };
}
