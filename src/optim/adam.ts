/** Adam: steps scaled by running means of the gradient and of its square. */
import { requireNumber } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { add, div, maximum, mul, square, sub } from '../ops/arithmetic.ts';
import { sqrt } from '../ops/math.ts';
import { biasCorrection, defineOptimizer, requireFraction } from './define.ts';
import type { Formula, OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamSettings {
  /** Memory of the mean. Default 0.9. */
  readonly beta1?: number | undefined;
  /** Memory of the mean square. Default 0.999. */
  readonly beta2?: number | undefined;
  /** Default 1e-7. */
  readonly epsilon?: number | undefined;
  /** Divides by the greatest mean square so far (Reddi, Kale, Kumar 2018). Default false. */
  readonly amsgrad?: boolean | undefined;
}

/** `learningRate` is 0.001 by default. */
export type AdamOptions = OptimizerOptions & AdamSettings;

/** The settings that adam and adamw have in common, with their defaults, and the formula of both. */
export function adamFormula(
  name: string,
  options: AdamSettings,
): {
  readonly own: Readonly<Record<string, unknown>>;
  readonly formula: Formula;
} {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false } = options;
  requireFraction(name, 'beta1', beta1);
  requireFraction(name, 'beta2', beta2);
  requireNumber(name, 'epsilon', epsilon, 0);
  const formula: Formula = ({ rate, time }) => {
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
  return { own: { beta1, beta2, epsilon, amsgrad }, formula };
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
export function adam(options: AdamOptions = {}): Optimizer {
  const { learningRate = 0.001, beta1, beta2, epsilon, amsgrad, ...shared } = options;
  const { own, formula } = adamFormula('adam', { beta1, beta2, epsilon, amsgrad });
  return defineOptimizer('adam', learningRate, shared, own, formula);
}
