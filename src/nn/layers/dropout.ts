/** Dropout (Srivastava and others 2014): while training, zeroes elements at random and scales the rest. */
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

export interface DropoutOptions extends LayerOptions {
  /** The share of elements that become 0, in [0, 1). */
  readonly rate: number;
  /** Fixes the masks whatever the model's seed is. */
  readonly seed?: number;
}

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
 * Sets a share `rate` of the elements to 0 while training and multiplies the others by 1 / (1 − rate), so that their
 * mean stays; does nothing in evaluate and predict. The mask follows from the layer's key and the step alone. Keeps
 * the shape.
 *
 * @throws ValueError for a rate outside [0, 1)
 */
export function dropout(options: DropoutOptions): Layer {
  checkCount('dropout', arguments, 'options');
  return new Dropout(options);
}
