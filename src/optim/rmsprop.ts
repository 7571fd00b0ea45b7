/** RMSProp: divides each step by a moving root mean square of the gradient. */
import { boolean, fraction, number } from '../core/arguments.ts';
import { relu } from '../ops/elementwise/activation.ts';
import { add, mul, square, sub } from '../ops/elementwise/arithmetic.ts';
import { rsqrt } from '../ops/elementwise/math.ts';
import { defineOptimizer } from './define.ts';
import type { OptimizerOptions } from './define.ts';
import type { Optimizer, Update } from './optimizer.ts';

/** Options of `rmsprop`. `learningRate` defaults to 0.001. */
export interface RmspropOptions extends OptimizerOptions {
  /** Decay rate of the moving average of the squared gradient. Default 0.9. */
  readonly rho?: number;
  /** In [0, 1). Default 0. */
  readonly momentum?: number;
  /** Added under the square root. Default 1e-7. */
  readonly epsilon?: number;
  /** Normalizes by the standard deviation: subtracts the squared mean from the mean square (Graves 2013). Default false. */
  readonly centered?: boolean;
}

/**
 * RMSProp: v ← ρv + (1 − ρ)g², p ← p − rate · g / √(v + ε) (Hinton 2012, lecture 6e; ε is under the root, as in Keras).
 * With momentum: m ← momentum · m + rate · g / √(v + ε), p ← p − m.
 *
 * @throws ValueError for a rate < 0, rho or momentum outside [0, 1), or more than one kind of clipping
 * @example
 * model.compile({ optimizer: rmsprop({ learningRate: 0.001, rho: 0.9 }), loss: 'meanSquaredError' });
 */
export function rmsprop(_options: RmspropOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  const types = { rho: fraction, momentum: fraction, epsilon: number(0), centered: boolean };
  return defineOptimizer(
    'rmsprop',
    arguments,
    defaults,
    types,
    ({ rho, momentum, epsilon, centered }) =>
      ({ rate }) =>
      (gradient, slot) => {
        const meanSquare = slot('meanSquare');
        const nextSquare = add(mul(meanSquare, rho), mul(square(gradient), 1 - rho));
        const slots: Update[] = [[meanSquare, nextSquare]];
        let variance = nextSquare;
        if (centered) {
          const mean = slot('mean');
          const nextMean = add(mul(mean, rho), mul(gradient, 1 - rho));
          variance = relu(sub(nextSquare, square(nextMean))); // rounding can make it negative
          slots.push([mean, nextMean]);
        }
        const step = mul(mul(gradient, rate), rsqrt(add(variance, epsilon)));
        if (momentum === 0) return { decrement: step, slots };
        const velocity = slot('momentum');
        const next = add(mul(velocity, momentum), step);
        return { decrement: next, slots: [...slots, [velocity, next]] };
      },
  );
}
