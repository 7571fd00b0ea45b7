/** Checks of layer inputs; error messages name the layer. */
import { ShapeError } from '../../core/errors.ts';
import { formatShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';

/** Returns the shape of the only input. Throws `ShapeError` for no or several inputs. */
export function onlyShape(layer: string, shapes: readonly Shape[]): Shape {
  const [shape] = shapes;
  if (shapes.length !== 1 || shape === undefined) {
    const remedy = shapes.length > 1 ? ': join them first with concatenate() or add()' : '';
    throw new ShapeError(`${layer}: takes one input, not ${shapes.length}${remedy}`);
  }
  return shape;
}

/** Formats the shape of a sample for error messages, with the batch axis: `[batch, 28, 28]`. */
export function formatSample(shape: Shape): string {
  return `[${['batch', ...shape].join(', ')}]`;
}

/** Returns the number of features of a sample, the size of its last axis. Throws `ShapeError` for a scalar. */
export function featuresOf(layer: string, shape: Shape): number {
  const features = shape.at(-1);
  if (features === undefined) {
    throw new ShapeError(`${layer}: a sample must have features, not shape ${formatShape(shape)}: make it [1]`);
  }
  return features;
}
