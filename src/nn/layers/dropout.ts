/** Dropout (Srivastava and others 2014): in training, sets random elements to 0 and scales the others. */
import { checkCount, fraction, integer, required } from '../../core/arguments.ts';
import { keyFromSeed } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { mul } from '../../ops/elementwise/arithmetic.ts';
import { Layer } from '../layer.ts';
import type { CallContext, LayerConfig, LayerOptions } from '../layer.ts';
import { onlyShape } from './check.ts';
import { RandomMasks } from './random-masks.ts';

/** Options of `dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** Fraction of elements that are set to 0, in [0, 1). */
  readonly rate: number;
  /** Makes the masks independent of the model's seed. */
  readonly seed?: number;
}

/** The layer that `dropout()` creates. */
export class Dropout extends Layer {
  readonly kind = 'dropout';
  override readonly supportsMasking = true;
  private readonly rate: number;
  private readonly seed: number | undefined;
  private readonly masks: RandomMasks;

  constructor(options: DropoutOptions) {
    super(options, 'dropout', { rate: required(fraction), seed: integer() });
    const { rate, seed } = options;
    this.rate = rate;
    this.seed = seed;
    this.masks = new RandomMasks(rate);
  }

  override config(): LayerConfig {
    const rate = this.rate;
    const seed = this.seed;
    return { ...super.config(), rate, ...(seed === undefined ? {} : { seed }) };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    return onlyShape(this.label, inputs);
  }

  protected override createWeights(_: readonly Shape[], key: Key): void {
    this.masks.key = this.seed === undefined ? key : keyFromSeed(this.seed);
  }

  call(inputs: readonly Node[], context: CallContext): Node {
    const x = inputs[0]!;
    const mask = this.masks.next(x.shape, context);
    return mask ? mul(x, mask) : x;
  }
}

/**
 * In training, sets a random fraction `rate` of the elements to 0 and multiplies the others by 1 / (1 − rate), which preserves
 * the expected value. Has no effect in evaluate and predict. The mask depends only on the layer's key and the step. Preserves
 * the shape.
 *
 * @throws ValueError for a rate outside [0, 1)
 * @example
 * sequential([dense({ units: 64, inputShape: [8] }), dropout({ rate: 0.5 }), dense({ units: 1 })]);
 */
export function dropout(options: DropoutOptions): Layer {
  checkCount('dropout', arguments, 'options');
  return new Dropout(options);
}
