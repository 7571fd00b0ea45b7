/**
 * Cross-entropies of classifiers. Given probabilities that come from a softmax or a sigmoid of the same graph, each reads
 * the logits below and uses the stable form; other probabilities are clipped to [10⁻⁷, 1 − 10⁻⁷], as in Keras.
 */
import type { Node } from '../../graph/node.ts';
import { softplus } from '../../ops/elementwise/activation.ts';
import { abs, add, div, mul, neg, sub } from '../../ops/elementwise/arithmetic.ts';
import { clip } from '../../ops/elementwise/clip.ts';
import { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from '../../ops/loss/cross-entropy.ts';
import { log } from '../../ops/elementwise/math.ts';
import { oneHot } from '../../ops/indexing/one-hot.ts';
import { sum } from '../../ops/reduce/reduce.ts';
import { logitsUnder, matchClassNumbers, matchLabels, perSample } from './labels.ts';
import { defineLoss } from './loss.ts';
import type { LossFunction } from './loss.ts';

/** Keeps the logarithm of a probability finite. */
const epsilon = 1e-7;
const inside = (probabilities: Node): Node => clip(probabilities, { min: epsilon, max: 1 - epsilon });

/**
 * Mean of −y · log p − (1 − y) · log(1 − p), for labels in [0, 1] and one probability each.
 *
 * @param labels [batch, ...] as the predictions; [batch] and [batch, 1] stand for each other
 * @param predictions float32 probabilities
 * @throws ShapeError when the shapes differ
 */
export const binaryCrossentropy: LossFunction = defineLoss('binaryCrossentropy', (labels, predictions) => {
  const logits = logitsUnder(predictions, 'sigmoid');
  if (logits !== undefined) return binaryFromLogits('binaryCrossentropy', labels, logits);
  const y = matchLabels('binaryCrossentropy', labels, predictions);
  const p = inside(predictions);
  return perSample(neg(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p))))));
});

/** `binaryCrossentropy` of sigmoid(predictions): for a model that ends without an activation. */
export const binaryCrossentropyFromLogits: LossFunction = defineLoss(
  'binaryCrossentropyFromLogits',
  (labels, predictions) => binaryFromLogits('binaryCrossentropyFromLogits', labels, predictions),
);

/**
 * max(z, 0) − z · y + log(1 + e^(−|z|)). The first term is written ½ (z + |z|): its derivative at 0 is then ½, and the
 * whole gradient is sigmoid(z) − y there too, whatever derivative |z| is given.
 */
function binaryFromLogits(loss: string, labels: Node, z: Node): Node {
  const y = matchLabels(loss, labels, z);
  const size = abs(z);
  const positive = mul(add(z, size), 0.5);
  return perSample(add(sub(positive, mul(z, y)), softplus(neg(size))));
}

/**
 * −Σ y · log p over the classes. Probabilities that do not come from a softmax are first divided by their sum.
 *
 * @param labels [batch, ..., classes]: one-hot, or probabilities
 * @param predictions float32 probabilities of the same shape
 * @throws ShapeError when the shapes differ
 */
export const categoricalCrossentropy: LossFunction = defineLoss('categoricalCrossentropy', (labels, predictions) => {
  const logits = logitsUnder(predictions, 'softmax');
  if (logits !== undefined) return categoricalFromLogits('categoricalCrossentropy', labels, logits);
  const y = matchLabels('categoricalCrossentropy', labels, predictions);
  const p = inside(div(predictions, sum(predictions, -1, true)));
  return perSample(neg(sum(mul(y, log(p)), -1)));
});

/** `categoricalCrossentropy` of softmax(predictions): for a model that ends without an activation. */
export const categoricalCrossentropyFromLogits: LossFunction = defineLoss(
  'categoricalCrossentropyFromLogits',
  (labels, predictions) => categoricalFromLogits('categoricalCrossentropyFromLogits', labels, predictions),
);

function categoricalFromLogits(loss: string, labels: Node, logits: Node): Node {
  return perSample(softmaxCrossEntropy(matchLabels(loss, labels, logits), logits));
}

/**
 * −log p of the class that the label names. Probabilities that do not come from a softmax are first divided by their sum. A label outside 0 … classes − 1 gives infinity or NaN, so that it is found.
 *
 * @param labels [batch, ...] or [batch, ..., 1]: class numbers from 0 on
 * @param predictions float32 [batch, ..., classes], probabilities
 * @throws ShapeError unless there is one label for each row of predictions
 */
export const sparseCategoricalCrossentropy: LossFunction = defineLoss(
  'sparseCategoricalCrossentropy',
  (labels, predictions) => {
    const logits = logitsUnder(predictions, 'softmax');
    if (logits !== undefined) return sparseFromLogits('sparseCategoricalCrossentropy', labels, logits);
    const numbers = matchClassNumbers('sparseCategoricalCrossentropy', labels, predictions);
    const hit = oneHot(numbers, predictions.shape.at(-1)!);
    const p = inside(div(sum(mul(hit, predictions), -1), sum(predictions, -1)));
    return perSample(div(neg(log(p)), sum(hit, -1)));
  },
);

/** `sparseCategoricalCrossentropy` of softmax(predictions): for a model that ends without an activation. */
export const sparseCategoricalCrossentropyFromLogits: LossFunction = defineLoss(
  'sparseCategoricalCrossentropyFromLogits',
  (labels, predictions) => sparseFromLogits('sparseCategoricalCrossentropyFromLogits', labels, predictions),
);

function sparseFromLogits(loss: string, labels: Node, logits: Node): Node {
  return perSample(sparseSoftmaxCrossEntropy(matchClassNumbers(loss, labels, logits), logits));
}
