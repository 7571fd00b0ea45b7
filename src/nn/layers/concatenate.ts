/** Concatenation of several inputs along an axis, to combine the features of different branches. */
import { checkCount } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, normalizeAxis } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { broadcastTo } from '../../ops/shape/broadcast.ts';
import { concatenate as concatenateNodes } from '../../ops/shape/concatenate.ts';
import { constant } from '../../ops/define.ts';
import { axis } from '../arguments.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions, Mask } from '../layer.ts';
import { eitherMask, requireSeveral } from './merge.ts';

/** Options of `concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** Axis 0 is the batch axis and 1 is the first axis of a sample, as in Keras. Default -1. */
  readonly axis?: number;
}

/** The layer that `concatenate()` creates. */
export class Concatenate extends Layer {
  readonly kind = 'concatenate';
  private readonly axis: number;

  constructor(options: ConcatenateOptions = {}) {
    super(options, 'concatenate', { axis });
    this.axis = options.axis ?? -1;
  }

  override config(): LayerConfig {
    return { ...super.config(), axis: this.axis };
  }

  override get integers(): 'kept' {
    return 'kept';
  }

  outputShape(inputs: readonly Shape[]): Shape {
    requireSeveral(this.label, inputs);
    const first = inputs[0]!;
    const joinAxis = normalizeAxis(this.label, this.axis, first.length + 1) - 1;
    if (joinAxis < 0)
      throw new ShapeError(`${this.label}: axis ${this.axis} is the batch axis: use 1 … ${first.length}`);
    const fits = inputs.every((shape) => shape.every((size, axis) => axis === joinAxis || size === first[axis]));
    if (!fits) {
      throw new ShapeError(
        `${this.label}: samples of shapes ${inputs.map(formatShape).join(' and ')} cannot be joined along axis ` +
          `${this.axis}: their other dimensions must be equal`,
      );
    }
    const joined = inputs.reduce((sum, shape) => sum + shape[joinAxis]!, 0);
    return first.map((size, axis) => (axis === joinAxis ? joined : size));
  }

  call(inputs: readonly Node[]): Node {
    this.outputShape(inputs.map(({ shape }) => shape.slice(1)));
    return concatenateNodes(inputs, this.axis);
  }

  /**
   * Along a step axis the masks are concatenated as well, with ones for inputs without a mask. Along another axis a step is
   * valid if it is valid in any input.
   */
  override computeMask(inputs: readonly Node[], masks: readonly Mask[]): readonly Mask[] {
    const rank = masks.find((mask) => mask !== undefined)?.shape.length ?? 0;
    const axis = normalizeAxis(this.label, this.axis, inputs[0]!.shape.length);
    if (axis >= rank) return [eitherMask(inputs.map((_, index) => masks[index]))];
    const ones = (index: number): Node => broadcastTo(constant(1), inputs[index]!.shape.slice(0, rank));
    const all = inputs.map((_, index) => masks[index] ?? ones(index));
    return [concatenateNodes(all, axis)];
  }
}

/**
 * Concatenates two or more inputs whose shapes are equal except along `axis`.
 *
 * @throws ValueError for axis 0, the batch axis
 * @example
 * const [a, b] = [input({ shape: [4] }), input({ shape: [8] })];
 * const y = concatenate().apply([a, b]); // [batch, 12]
 */
export function concatenate(options: ConcatenateOptions = {}): Layer {
  checkCount('concatenate', arguments, 'options');
  return new Concatenate(options);
}
