/** Adagrad: divides each step by the square root of the accumulated squared gradients. */
import { number } from '../core/arguments.ts';
import { add, mul, square } from '../ops/elementwise/arithmetic.ts';
import { rsqrt } from '../ops/elementwise/math.ts';
import { defineOptimizer } from './define.ts';
import type { OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of `adagrad`. `learningRate` defaults to 0.001. */
export interface AdagradOptions extends OptimizerOptions {
  /** Initial value of the sum of squares. Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Added to the sum under the square root. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adagrad: s ← s + g², p ← p − rate · g / √(s + ε) (Duchi, Hazan, Singer 2011; ε is under the root, as in Keras).
 *
 * @throws ValueError for a rate or initialAccumulatorValue < 0, or more than one kind of clipping
 * @example
 * model.compile({ optimizer: adagrad({ learningRate: 0.01 }), loss: 'meanSquaredError' });
 */
export function adagrad(_options: AdagradOptions = {}): Optimizer {
  const defaults = { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 };
  const types = { initialAccumulatorValue: number(0), epsilon: number(0) };
  return defineOptimizer(
    'adagrad',
    arguments,
    defaults,
    types,
    ({ initialAccumulatorValue, epsilon }) =>
      ({ rate }) =>
      (gradient, slot) => {
        const total = slot('sumOfSquares', initialAccumulatorValue);
        const next = add(total, square(gradient));
        return { decrement: mul(mul(gradient, rate), rsqrt(add(next, epsilon))), slots: [[total, next]] };
      },
  );
}
