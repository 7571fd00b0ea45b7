/**
 * Cross-entropy losses. If the predictions are the output of a softmax or sigmoid in the same graph, the loss uses the logits
 * and the numerically stable formula. Other probabilities are clipped to [10⁻⁷, 1 − 10⁻⁷], as in Keras.
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
const clipped = (probabilities: Node): Node => clip(probabilities, { min: epsilon, max: 1 - epsilon });

/**
 * Binary cross-entropy: the mean of −y · log p − (1 − y) · log(1 − p), for labels in [0, 1] and independent probabilities.
 *
 * @param labels the shape of the predictions; [batch] and [batch, 1] are equivalent
 * @param predictions float32 probabilities, [batch, ...]
 * @returns float32 [batch]
 * @throws ShapeError when the shapes differ
 * @example
 * model.compile({ optimizer: 'adam', loss: binaryCrossentropy });
 */
export const binaryCrossentropy: LossFunction = defineLoss('binaryCrossentropy', (labels, predictions) => {
  const logits = logitsUnder(predictions, 'elements');
  if (logits !== undefined) return binaryFromLogits('binaryCrossentropy', labels, logits);
  const y = matchLabels('binaryCrossentropy', labels, predictions);
  const p = clipped(predictions);
  return perSample(neg(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p))))));
});

/** `binaryCrossentropy` of sigmoid(predictions), for a model without a final activation. */
export const binaryCrossentropyFromLogits: LossFunction = defineLoss(
  'binaryCrossentropyFromLogits',
  (labels, predictions) => binaryFromLogits('binaryCrossentropyFromLogits', labels, predictions),
);

/**
 * max(z, 0) − z · y + log(1 + e^(−|z|)). The first term is written as ½ (z + |z|), whose derivative at 0 is ½. The total
 * gradient at 0 is then sigmoid(z) − y, independent of the derivative chosen for |z|.
 */
function binaryFromLogits(loss: string, labels: Node, z: Node): Node {
  const y = matchLabels(loss, labels, z);
  const size = abs(z);
  const positive = mul(add(z, size), 0.5);
  return perSample(add(sub(positive, mul(z, y)), softplus(neg(size))));
}

/**
 * Categorical cross-entropy: −Σ y · log p over the classes. Probabilities that are not the output of a softmax are first
 * normalized to sum 1.
 *
 * @param labels [batch, ..., classes]: one-hot labels or probabilities
 * @param predictions float32 probabilities of the same shape
 * @returns float32 [batch]
 * @throws ShapeError when the shapes differ
 * @example
 * model.compile({ optimizer: 'adam', loss: categoricalCrossentropy });
 */
export const categoricalCrossentropy: LossFunction = defineLoss('categoricalCrossentropy', (labels, predictions) => {
  const logits = logitsUnder(predictions, 'rows');
  if (logits !== undefined) return categoricalFromLogits('categoricalCrossentropy', labels, logits);
  const y = matchLabels('categoricalCrossentropy', labels, predictions);
  const p = clipped(div(predictions, sum(predictions, -1, true)));
  return perSample(neg(sum(mul(y, log(p)), -1)));
});

/** `categoricalCrossentropy` of softmax(predictions), for a model without a final activation. */
export const categoricalCrossentropyFromLogits: LossFunction = defineLoss(
  'categoricalCrossentropyFromLogits',
  (labels, predictions) => categoricalFromLogits('categoricalCrossentropyFromLogits', labels, predictions),
);

function categoricalFromLogits(loss: string, labels: Node, logits: Node): Node {
  return perSample(softmaxCrossEntropy(matchLabels(loss, labels, logits), logits));
}

/**
 * Sparse categorical cross-entropy: −log p of the label's class. Probabilities that are not the output of a softmax are first
 * normalized to sum 1. A label outside 0 … classes − 1 yields infinity or NaN, so that the error does not go unnoticed.
 *
 * @param labels [batch, ...] or [batch, ..., 1]: class indices, starting at 0
 * @param predictions float32 probabilities, [batch, ..., classes]
 * @returns float32 [batch]
 * @throws ShapeError unless there is one label per row of predictions
 * @example
 * model.compile({ optimizer: 'adam', loss: sparseCategoricalCrossentropy, metrics: ['accuracy'] });
 */
export const sparseCategoricalCrossentropy: LossFunction = defineLoss(
  'sparseCategoricalCrossentropy',
  (labels, predictions) => {
    const logits = logitsUnder(predictions, 'rows');
    if (logits !== undefined) return sparseFromLogits('sparseCategoricalCrossentropy', labels, logits);
    const numbers = matchClassNumbers('sparseCategoricalCrossentropy', labels, predictions);
    const hit = oneHot(numbers, predictions.shape.at(-1)!);
    const p = clipped(div(sum(mul(hit, predictions), -1), sum(predictions, -1)));
    return perSample(div(neg(log(p)), sum(hit, -1)));
  },
);

/** `sparseCategoricalCrossentropy` of softmax(predictions), for a model without a final activation. */
export const sparseCategoricalCrossentropyFromLogits: LossFunction = defineLoss(
  'sparseCategoricalCrossentropyFromLogits',
  (labels, predictions) => sparseFromLogits('sparseCategoricalCrossentropyFromLogits', labels, predictions),
);

function sparseFromLogits(loss: string, labels: Node, logits: Node): Node {
  return perSample(sparseSoftmaxCrossEntropy(matchClassNumbers(loss, labels, logits), logits));
}
