/** Reshapes each sample, without moving data. */
import { checkCount } from '../../core/arguments.ts';
import type { ArgumentType } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { reshape as reshapeNode } from '../../ops/shape/reshape.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';
import { onlyShape } from './check.ts';

/** Options of `reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** Without the batch axis. One dimension may be -1; it is inferred. */
  readonly targetShape: Shape;
}

const targetShape: ArgumentType = {
  expected: 'a shape of integers ≥ 0 and at most one -1',
  accepts: (value) =>
    Array.isArray(value) &&
    Array.from<unknown>(value).every((size) => Number.isInteger(size) && (size as number) >= -1) &&
    value.filter((size) => size === -1).length <= 1,
  isRequired: true,
};

/** The layer that `reshape()` creates. */
export class Reshape extends Layer {
  readonly kind = 'reshape';
  private readonly targetShape: Shape;

  constructor(options: ReshapeOptions) {
    super(options, 'reshape', { targetShape });
    this.targetShape = [...options.targetShape];
  }

  override config(): LayerConfig {
    return { ...super.config(), targetShape: this.targetShape };
  }

  override get integers(): 'kept' {
    return 'kept';
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    const size = sizeOf(shape);
    const known = sizeOf(this.targetShape.filter((dimension) => dimension !== -1));
    const result = this.targetShape.map((dimension) => (dimension === -1 ? size / known : dimension));
    if (!result.every(Number.isInteger) || sizeOf(result) !== size) {
      throw new ShapeError(
        `${this.label}: samples of shape ${formatShape(shape)} have ${size} elements, which do not fit ` +
          `${formatShape(this.targetShape)}: choose a targetShape with as many elements`,
      );
    }
    return result;
  }

  call(inputs: readonly Node[]): Node {
    const [batch, ...shape] = inputs[0]!.shape;
    return reshapeNode(inputs[0]!, [batch!, ...this.outputShape([shape])]);
  }
}

/**
 * Reshapes each sample: [batch, ...shape] → [batch, ...targetShape].
 *
 * @throws ValueError for an invalid targetShape; ShapeError when it is applied to samples with another number of elements
 * @example
 * sequential([dense({ units: 12, inputShape: [8] }), reshape({ targetShape: [3, -1] })]); // [batch, 3, 4]
 */
export function reshape(options: ReshapeOptions): Layer {
  checkCount('reshape', arguments, 'options');
  return new Reshape(options);
}
