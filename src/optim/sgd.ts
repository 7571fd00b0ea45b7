/** Stochastic gradient descent, plain or with momentum. */
import { boolean, fraction } from '../core/arguments.ts';
import { mul, neg, sub } from '../ops/elementwise/arithmetic.ts';
import { defineOptimizer } from './define.ts';
import type { OptimizerOptions } from './define.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of `sgd`. `learningRate` defaults to 0.01. */
export interface SgdOptions extends OptimizerOptions {
  /** In [0, 1). Default 0. */
  readonly momentum?: number;
  /** Uses Nesterov momentum. Default false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent: p ← p − rate · g. With momentum (Polyak 1964): m ← momentum · m − rate · g, p ← p + m. With
 * nesterov (Nesterov 1983, in the form of Sutskever and others 2013): p ← p + momentum · m − rate · g with the new m.
 *
 * @throws ValueError for a rate < 0, a momentum outside [0, 1), or more than one kind of clipping
 * @example
 * model.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), loss: 'meanSquaredError' });
 */
export function sgd(_options: SgdOptions = {}): Optimizer {
  const defaults = { learningRate: 0.01, momentum: 0, nesterov: false };
  const types = { momentum: fraction, nesterov: boolean };
  return defineOptimizer(
    'sgd',
    arguments,
    defaults,
    types,
    ({ momentum, nesterov }) =>
      ({ rate }) =>
      (gradient, slot) => {
        const step = mul(gradient, rate);
        if (momentum === 0) return { decrement: step, slots: [] };
        const velocity = slot('momentum');
        const next = sub(mul(velocity, momentum), step);
        const ahead = nesterov ? sub(mul(next, momentum), step) : next;
        return { decrement: neg(ahead), slots: [[velocity, next]] };
      },
  );
}
