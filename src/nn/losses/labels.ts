/** Shape checks and conversions of labels and predictions that losses and metrics share. */
import { describe } from '../../core/describe.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { mean } from '../../ops/reduce/reduce.ts';
import { reshape } from '../../ops/shape/reshape.ts';

/** Removes a last axis of size 1: `[32, 1]` and `[32]` are equivalent label shapes. */
function withoutLastOne(shape: Shape): Shape {
  return shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
}

/**
 * Reshapes labels to the shape of the predictions if the shapes differ only by a last axis of size 1; returns other labels
 * unchanged. Without this, [batch] and [batch, 1] would broadcast to [batch, batch].
 */
export function alignLabels(labels: Node, predictions: Node): Node {
  const { shape } = predictions;
  return sameShape(withoutLastOne(labels.shape), withoutLastOne(shape)) ? reshape(labels, shape) : labels;
}

/**
 * Converts labels to float32 in the shape of the predictions. [batch] and [batch, 1] are equivalent.
 *
 * @throws ShapeError that names `loss` and suggests the loss that fits these labels
 */
export function matchLabels(loss: string, labels: Node, predictions: Node): Node {
  const [given, expected] = [labels.shape, predictions.shape];
  const aligned = alignLabels(labels, predictions);
  if (sameShape(aligned.shape, expected)) return cast(aligned, 'float32');
  const classNumbers = expected.length > 1 && sameShape(withoutLastOne(given), expected.slice(0, -1));
  const otherWidth =
    expected.length > 1 && given.length === expected.length && sameShape(given.slice(0, -1), expected.slice(0, -1));
  const remedy = classNumbers
    ? 'use sparseCategoricalCrossentropy for class numbers, or make them one-hot'
    : otherWidth
      ? `give ${expected.at(-1)!} values for each sample, or end the model with ${given.at(-1)!} units`
      : 'give labels of the same shape as the predictions';
  throw new ShapeError(
    `${loss}: labels ${formatShape(given)} do not fit predictions ${formatShape(expected)}: ${remedy}`,
  );
}

/**
 * Converts class indices to int32 in the shape of the predictions without their last axis. Removes a last axis of size 1.
 *
 * @throws ShapeError that names `loss`
 */
export function matchClassNumbers(loss: string, labels: Node, predictions: Node): Node {
  const [given, rows] = [labels.shape, predictions.shape.slice(0, -1)];
  const fits = predictions.shape.length > 1 && (sameShape(given, rows) || sameShape(given, [...rows, 1]));
  if (fits) return reshape(cast(labels, 'int32'), rows);
  const remedy =
    rows.length === 0
      ? 'end the model with one unit for each class'
      : sameShape(given, predictions.shape)
        ? 'use categoricalCrossentropy for one-hot labels'
        : `give one class number for each row of predictions, ${formatShape(rows)}`;
  throw new ShapeError(
    `${loss}: labels ${formatShape(given)} do not fit predictions ${formatShape(predictions.shape)}: ${remedy}`,
  );
}

/** Whether labels have one value per output, like one-hot labels; otherwise they are class indices. */
export function areWide({ shape: given }: Node, { shape: expected }: Node): boolean {
  return given.length === expected.length && (sizeOf(given) === sizeOf(expected) || given.at(-1) === expected.at(-1));
}

/** Throws `ShapeError` unless a loss returned one value per sample. `batch` is a tensor with one value per sample. */
export function requireOneEach(loss: string, given: Node, { shape: batch }: Node): void {
  const shape = (given as Partial<Node> | undefined)?.shape;
  if (Array.isArray(shape) && sameShape(shape as Shape, batch)) return;
  throw new ShapeError(
    `${loss} gives ${shape ? formatShape(shape) : describe(given)} for a batch of ${batch[0]}, expected ${formatShape(batch)}: ` +
      `a loss must give one value for each sample: take the mean over the other axes`,
  );
}

/** The mean over all axes except the first: one value per sample. */
export function perSample(values: Node): Node {
  const { shape } = values;
  const [batch = 1] = shape;
  if (sizeOf(shape.slice(1)) === 1) return reshape(values, [batch]);
  return mean(values, shape.map((_, axis) => axis).slice(1));
}

/** What `node` is a reshape of, or itself. */
export function underReshapes(node: Node): Node {
  let under = node;
  while (under.op === (reshape.op as unknown)) under = under.inputs[0]!;
  return under;
}

/**
 * Returns the logits, in the shape of the predictions, if the predictions are the output of an op whose record says that it gives
 * `probabilities` of that kind, possibly through reshapes that preserve its rows. A loss with a stable formula for logits then avoids
 * the logarithm of rounded probabilities.
 */
export function logitsUnder(predictions: Node, probabilities: 'elements' | 'rows'): Node | undefined {
  const { op, shape, inputs } = underReshapes(predictions);
  if (op.probabilities !== probabilities) return undefined;
  if (probabilities === 'rows' && shape.at(-1) !== predictions.shape.at(-1)) return undefined;
  return reshape(inputs[0]!, predictions.shape);
}
