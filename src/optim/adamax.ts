/** Adamax: Adam with the greatest gradient in place of the mean square. */
import { fraction, number } from '../core/arguments.ts';
import { abs, add, div, maximum, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { biasCorrection, defineOptimizer } from './define.ts';
import type { OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

/** `learningRate` is 0.001 by default. */
export interface AdamaxOptions extends OptimizerOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g|), p ← p − rate / (1 − β₁ᵗ) · m / (u + ε) (Kingma, Ba 2015, section 7.1).
 *
 * @throws ValueError for a rate < 0, betas outside [0, 1), or two kinds of clipping
 */
export function adamax(_options: AdamaxOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const types = { beta1: fraction, beta2: fraction, epsilon: number(0) };
  return defineOptimizer('adamax', arguments, defaults, types, ({ beta1, beta2, epsilon }) => ({ rate, time }) => {
    const corrected = div(rate, biasCorrection(beta1, time));
    return (gradient, slot) => {
      const [mean, greatest] = [slot('mean'), slot('greatest')];
      const nextMean = add(mean, mul(sub(gradient, mean), 1 - beta1));
      const nextGreatest = maximum(mul(greatest, beta2), abs(gradient));
      return {
        decrement: div(mul(nextMean, corrected), add(nextGreatest, epsilon)),
        slots: [
          [mean, nextMean],
          [greatest, nextGreatest],
        ],
      };
    };
  });
}
