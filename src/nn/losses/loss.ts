/** The type of loss functions. */
import { checkArguments } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { node } from '../arguments.ts';

/**
 * Computes one value per sample, float32 [batch]; training averages it over the batch. Labels have the shape in which they were
 * passed to `fit`, except that they are reshaped to the shape of the predictions if the two differ only by a last axis of
 * size 1. If `predictions` is the output of a softmax or sigmoid, a loss may use the logits instead.
 */
export type LossFunction = (labels: Node, predictions: Node) => Node;

/** Adds argument checks to a loss. */
export function defineLoss(name: string, formula: LossFunction): LossFunction {
  return (...given) => {
    checkArguments(name, given, { labels: node, predictions: node });
    return formula(...given);
  };
}
