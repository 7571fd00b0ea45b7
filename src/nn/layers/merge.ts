/** Shared code of layers that combine several inputs of equal or broadcastable shapes element by element. */
import { ShapeError } from '../../core/errors.ts';
import { broadcastShapes, formatShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { maximum } from '../../ops/elementwise/arithmetic.ts';
import { Layer } from '../layer.ts';
import type { Mask } from '../layer.ts';

/** Throws `ShapeError` for fewer than two inputs, or inputs of different ranks. */
export function requireSeveral(layer: string, inputs: readonly Shape[]): void {
  if (inputs.length < 2) {
    throw new ShapeError(`${layer}: joins at least 2 inputs, not ${inputs.length}: give apply() a list`);
  }
  if (inputs.some((shape) => shape.length !== inputs[0]!.length)) {
    throw new ShapeError(
      `${layer}: samples of shapes ${inputs.map(formatShape).join(' and ')} differ in rank: reshape() one of them`,
    );
  }
}

/** A step is valid if it is valid in any input. If an input has no mask, all steps are valid. As in Keras. */
export function eitherMask(masks: readonly Mask[]): Mask {
  return masks.every((mask) => mask !== undefined) ? masks.reduce((a, b) => maximum(a, b)) : undefined;
}

/** Subclasses define `kind` and the binary operation `combine`. */
export abstract class Merge extends Layer {
  protected abstract combine(x: Node, y: Node): Node;

  outputShape(inputs: readonly Shape[]): Shape {
    requireSeveral(this.label, inputs);
    return broadcastShapes(this.label, ...inputs);
  }

  call(inputs: readonly Node[]): Node {
    requireSeveral(
      this.label,
      inputs.map(({ shape }) => shape),
    );
    return inputs.reduce((x, y) => this.combine(x, y));
  }

  override computeMask(inputs: readonly Node[], masks: readonly Mask[]): readonly Mask[] {
    return [eitherMask(inputs.map((_, index) => masks[index]))];
  }
}
