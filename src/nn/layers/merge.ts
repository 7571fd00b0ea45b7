/** What the merging layers share: several inputs of one shape, or of shapes that broadcast, joined element by element. */
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

/** A step counts where it does in any of the inputs; where one has no mask, every step does. As in Keras. */
export function eitherMask(masks: readonly Mask[]): Mask {
  return masks.every((mask) => mask !== undefined) ? masks.reduce((a, b) => maximum(a, b)) : undefined;
}

/** Subclasses give `kind` and how two values become one. */
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
