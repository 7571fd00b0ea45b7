/** Adagrad: steps divided by the root of the sum of all squared gradients so far. */
import { number } from '../core/arguments.ts';
import { add, mul, square } from '../ops/elementwise/arithmetic.ts';
import { rsqrt } from '../ops/elementwise/math.ts';
import { defineOptimizer } from './define.ts';
import type { OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

/** `learningRate` is 0.001 by default. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squares starts from. Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * s ← s + g², p ← p − rate · g / √(s + ε) (Duchi, Hazan, Singer 2011; ε under the root, as in Keras).
 *
 * @throws ValueError for a rate or initialAccumulatorValue < 0, or two kinds of clipping
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
