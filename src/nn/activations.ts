/** Activation functions by name. Layers save the name in files; a custom function cannot be saved. */
import { lookUp } from '../core/check.ts';
import { ValueError } from '../core/errors.ts';
import type { Node } from '../graph/node.ts';
import { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from '../ops/elementwise/activation.ts';
import { abs, add, div, mul } from '../ops/elementwise/arithmetic.ts';
import { exp } from '../ops/elementwise/math.ts';
import { logSoftmax, softmax } from '../ops/norm/softmax.ts';

/** Preserves the shape. The input is [rows, units] or larger, where rows may combine samples and sequence positions. */
export type Activation = (x: Node) => Node;

export type ActivationName =
  | 'linear'
  | 'relu'
  | 'relu6'
  | 'leakyRelu'
  | 'elu'
  | 'selu'
  | 'sigmoid'
  | 'tanh'
  | 'softplus'
  | 'softsign'
  | 'exponential'
  | 'gelu'
  | 'silu'
  | 'swish'
  | 'mish'
  | 'softmax'
  | 'logSoftmax';

/** An activation option of a layer: a name or a custom function. */
export type ActivationLike = ActivationName | Activation;

// Klambauer and others 2017: Self-Normalizing Neural Networks.
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

const linear: Activation = (x) => x;

const activations: Readonly<Record<ActivationName, Activation>> = {
  linear,
  relu,
  relu6,
  leakyRelu: (x) => leakyRelu(x, { alpha: 0.2 }),
  elu: (x) => elu(x, { alpha: 1 }),
  selu: (x) => mul(elu(x, { alpha: seluAlpha }), seluScale),
  sigmoid,
  tanh,
  softplus,
  softsign: (x) => div(x, add(abs(x), 1)),
  exponential: exp,
  gelu, // the exact form, with the error function
  silu,
  swish: silu,
  mish: (x) => mul(x, tanh(softplus(x))), // Misra 2019
  softmax,
  logSoftmax,
};

/** Resolves a name or function to a function; undefined means the identity. Throws `ValueError` for an unknown name. */
export function activationFrom(like: ActivationLike | undefined): Activation {
  if (like === undefined) return linear;
  return typeof like === 'function' ? like : lookUp('activation', like, activations);
}

/** Returns the name to save. Throws `ValueError` for a custom function. */
export function activationName(activation: Activation): ActivationName {
  const entry = Object.entries(activations).find(([, known]) => known === activation);
  if (entry === undefined) {
    throw new ValueError('activation: a function of your own cannot be saved: use a name, or save the weights alone');
  }
  return entry[0] as ActivationName;
}
