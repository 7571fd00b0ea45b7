/** Adamax: Adam with a decayed maximum of the absolute gradient instead of the mean square. */
import { fraction, number } from '../core/arguments.ts';
import { abs, add, div, maximum, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { biasCorrection, defineOptimizer } from './define.ts';
import type { OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of `adamax`. `learningRate` defaults to 0.001. */
export interface AdamaxOptions extends OptimizerOptions {
  /** Decay rate of the moving average of the gradient. Default 0.9. */
  readonly beta1?: number;
  /** Decay rate of the maximum. Default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adamax: m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g|), p ← p − rate / (1 − β₁ᵗ) · m / (u + ε) (Kingma, Ba 2015, section 7.1).
 *
 * @throws ValueError for a rate < 0, betas outside [0, 1), or more than one kind of clipping
 * @example
 * model.compile({ optimizer: adamax({ learningRate: 0.002 }), loss: 'meanSquaredError' });
 */
export function adamax(_options: AdamaxOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const types = { beta1: fraction, beta2: fraction, epsilon: number(0) };
  return defineOptimizer('adamax', arguments, defaults, types, ({ beta1, beta2, epsilon }) => ({ rate, time }) => {
    const corrected = div(rate, biasCorrection(beta1, time));
    return (gradient, slot) => {
      const [mean, max] = [slot('mean'), slot('greatest')];
      const nextMean = add(mean, mul(sub(gradient, mean), 1 - beta1));
      const nextMax = maximum(mul(max, beta2), abs(gradient));
      return {
        decrement: div(mul(nextMean, corrected), add(nextMax, epsilon)),
        slots: [
          [mean, nextMean],
          [max, nextMax],
        ],
      };
    };
  });
}
