/** Adamax: Adam with the greatest gradient in place of the mean square. */
import { requireNumber } from '../core/check.ts';
import { abs, add, div, maximum, mul, sub } from '../ops/arithmetic.ts';
import { biasCorrection, defineOptimizer, requireFraction } from './define.ts';
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
export function adamax(options: AdamaxOptions = {}): Optimizer {
  const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...shared } = options;
  requireFraction('adamax', 'beta1', beta1);
  requireFraction('adamax', 'beta2', beta2);
  requireNumber('adamax', 'epsilon', epsilon, 0);
  return defineOptimizer('adamax', learningRate, shared, { beta1, beta2, epsilon }, ({ rate, time }) => {
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
