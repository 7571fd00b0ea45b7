/** Adam: steps scaled by running means of the gradient and of its square. */
import { boolean, fraction, number } from '../core/arguments.ts';
import type { Node } from '../graph/node.ts';
import { add, div, maximum, mul, square, sub } from '../ops/elementwise/arithmetic.ts';
import { sqrt } from '../ops/elementwise/math.ts';
import { biasCorrection, defineOptimizer } from './define.ts';
import type { Formula, OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamSettings {
  /** Memory of the mean. Default 0.9. */
  readonly beta1?: number;
  /** Memory of the mean square. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Divides by the greatest mean square so far (Reddi, Kale, Kumar 2018). Default false. */
  readonly amsgrad?: boolean;
}

/** `learningRate` is 0.001 by default. */
export type AdamOptions = OptimizerOptions & AdamSettings;

/** What adam and adamw are made of; they differ in their defaults. */
export function defineAdam(
  name: string,
  given: ArrayLike<unknown>,
  others?: { readonly weightDecay: number },
): Optimizer {
  const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false, ...others };
  const types = { beta1: fraction, beta2: fraction, epsilon: number(0), amsgrad: boolean };
  return defineOptimizer(name, given, defaults, types, formula);
}

function formula({ beta1, beta2, epsilon, amsgrad }: Required<AdamSettings>): Formula {
  return ({ rate, time }) => {
    // Both corrections become one factor of the rate (Kingma, Ba 2015, end of section 2).
    const corrected = div(mul(rate, sqrt(biasCorrection(beta2, time))), biasCorrection(beta1, time));
    return (gradient, slot) => {
      const [mean, meanSquare] = [slot('mean'), slot('meanSquare')];
      const nextMean = towards(mean, gradient, 1 - beta1);
      const nextSquare = towards(meanSquare, square(gradient), 1 - beta2);
      const greatest = amsgrad ? slot('greatestSquare') : undefined;
      const scale = greatest ? maximum(greatest, nextSquare) : nextSquare;
      return {
        decrement: div(mul(nextMean, corrected), add(sqrt(scale), epsilon)),
        slots: [[mean, nextMean], [meanSquare, nextSquare], ...(greatest ? [[greatest, scale] as const] : [])],
      };
    };
  };
}

/** from + (to − from) · share. */
function towards(from: Node, to: Node, share: number): Node {
  return add(from, mul(sub(to, from), share));
}

/**
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε) (Kingma, Ba 2015).
 * ε is added before the correction, as in Keras.
 *
 * @throws ValueError for a rate < 0, betas outside [0, 1), or two kinds of clipping
 */
export function adam(_options: AdamOptions = {}): Optimizer {
  return defineAdam('adam', arguments);
}
