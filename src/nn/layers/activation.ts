/** An activation function as a separate layer. */
import { checkCount, required } from '../../core/arguments.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { activationFrom, activationName } from '../activations.ts';
import type { Activation as ActivationFunction, ActivationLike } from '../activations.ts';
import { activationLike } from '../arguments.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';
import { onlyShape } from './check.ts';

/** Options of `activation`. */
export interface ActivationOptions extends LayerOptions {
  /** A name such as 'relu', or a function of a tensor. */
  readonly activation: ActivationLike;
}

/** The layer that `activation()` creates. */
export class Activation extends Layer {
  readonly kind = 'activation';
  override readonly supportsMasking = true;
  private readonly activation: ActivationFunction;

  constructor(options: ActivationOptions) {
    super(options, 'activation', { activation: required(activationLike) });
    this.activation = activationFrom(options.activation);
  }

  override config(): LayerConfig {
    return { ...super.config(), activation: activationName(this.activation) };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    return onlyShape(this.label, inputs);
  }

  call(inputs: readonly Node[]): Node {
    return this.activation(inputs[0]!);
  }
}

/**
 * Applies an activation function. Softmax is computed over the last axis. Preserves the shape.
 *
 * @throws ValueError for an unknown name
 * @example
 * sequential([dense({ units: 64, inputShape: [8] }), batchNormalization(), activation({ activation: 'relu' })]);
 */
export function activation(options: ActivationOptions): Layer {
  checkCount('activation', arguments, 'options');
  return new Activation(options);
}
