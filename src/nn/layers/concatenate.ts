/** Several inputs one behind the other along an axis: features from different branches side by side. */
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

export interface ConcatenateOptions extends LayerOptions {
  /** Counted with the batch axis, as in Keras: 1 is the first axis of a sample. Default -1. */
  readonly axis?: number;
}

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
    const place = normalizeAxis(this.label, this.axis, first.length + 1) - 1;
    if (place < 0) throw new ShapeError(`${this.label}: axis ${this.axis} is the batch axis: use 1 … ${first.length}`);
    const fits = inputs.every((shape) => shape.every((size, axis) => axis === place || size === first[axis]));
    if (!fits) {
      throw new ShapeError(
        `${this.label}: samples of shapes ${inputs.map(formatShape).join(' and ')} cannot be joined along axis ` +
          `${this.axis}: their other dimensions must be equal`,
      );
    }
    const joined = inputs.reduce((sum, shape) => sum + shape[place]!, 0);
    return first.map((size, axis) => (axis === place ? joined : size));
  }

  call(inputs: readonly Node[]): Node {
    this.outputShape(inputs.map(({ shape }) => shape.slice(1)));
    return concatenateNodes(inputs, this.axis);
  }

  /** Along an axis of steps the masks are joined too, ones for an input without; else a step counts where any does. */
  override computeMask(inputs: readonly Node[], masks: readonly Mask[]): readonly Mask[] {
    const rank = masks.find((mask) => mask !== undefined)?.shape.length ?? 0;
    const place = normalizeAxis(this.label, this.axis, inputs[0]!.shape.length);
    if (place >= rank) return [eitherMask(inputs.map((_, index) => masks[index]))];
    const ones = (index: number): Node => broadcastTo(constant(1), inputs[index]!.shape.slice(0, rank));
    const all = inputs.map((_, index) => masks[index] ?? ones(index));
    return [concatenateNodes(all, place)];
  }
}

/** Joins two inputs or more that are equal in shape but for `axis`. @throws ValueError for axis 0 */
export function concatenate(options: ConcatenateOptions = {}): Layer {
  checkCount('concatenate', arguments, 'options');
  return new Concatenate(options);
}
