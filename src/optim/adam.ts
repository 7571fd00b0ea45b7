/** Adam: scales each step by exponential moving averages of the gradient and of its square. */
import { boolean, fraction, number } from '../core/arguments.ts';
import type { Node } from '../graph/node.ts';
import { add, div, maximum, mul, square, sub } from '../ops/elementwise/arithmetic.ts';
import { sqrt } from '../ops/elementwise/math.ts';
import { biasCorrection, defineOptimizer } from './define.ts';
import type { Formula, OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamSettings {
  /** Decay rate of the moving average of the gradient. Default 0.9. */
  readonly beta1?: number;
  /** Decay rate of the moving average of the squared gradient. Default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator. Default 1e-7. */
  readonly epsilon?: number;
  /** Uses the maximum of all mean squares so far in the denominator (Reddi, Kale, Kumar 2018). Default false. */
  readonly amsgrad?: boolean;
}

/** Options of `adam` and `adamw`. `learningRate` defaults to 0.001. */
export type AdamOptions = OptimizerOptions & AdamSettings;

/** Shared implementation of `adam` and `adamw`, which differ only in their defaults. */
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
    // Both bias corrections are folded into the rate (Kingma, Ba 2015, end of section 2).
    const corrected = div(mul(rate, sqrt(biasCorrection(beta2, time))), biasCorrection(beta1, time));
    return (gradient, slot) => {
      const [mean, meanSquare] = [slot('mean'), slot('meanSquare')];
      const nextMean = lerp(mean, gradient, 1 - beta1);
      const nextSquare = lerp(meanSquare, square(gradient), 1 - beta2);
      const maxSquare = amsgrad ? slot('greatestSquare') : undefined;
      const scale = maxSquare ? maximum(maxSquare, nextSquare) : nextSquare;
      return {
        decrement: div(mul(nextMean, corrected), add(sqrt(scale), epsilon)),
        slots: [[mean, nextMean], [meanSquare, nextSquare], ...(maxSquare ? [[maxSquare, scale] as const] : [])],
      };
    };
  };
}

/** from + (to − from) · weight. */
function lerp(from: Node, to: Node, weight: number): Node {
  return add(from, mul(sub(to, from), weight));
}

/**
 * Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)
 * (Kingma, Ba 2015). ε is added before the bias correction, as in Keras.
 *
 * @throws ValueError for a rate < 0, betas outside [0, 1), or more than one kind of clipping
 * @example
 * model.compile({ optimizer: adam({ learningRate: 0.001 }), loss: 'meanSquaredError' });
 */
export function adam(_options: AdamOptions = {}): Optimizer {
  return defineAdam('adam', arguments);
}
