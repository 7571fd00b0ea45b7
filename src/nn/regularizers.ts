/** Weight regularizers: penalties that are added to the loss. Defaults are those of Keras. */
import { checkArguments, number, options } from '../core/arguments.ts';
import { lookUp, requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { abs, add, mul } from '../ops/elementwise/arithmetic.ts';
import { sum, sumOfSquares } from '../ops/reduce/reduce.ts';

/** Computes a penalty for one weight. */
export interface Regularizer {
  readonly name: RegularizerName;
  /** The options that recreate the regularizer, as JSON-serializable data. */
  readonly config: Readonly<Record<string, number>>;
  /** Builds the penalty, float32 [], which is added to the mean loss of the batch. */
  penalty(weight: Node): Node;
}

export type RegularizerName = 'l1' | 'l2' | 'l1l2';

/** A regularizer option of a layer: a name, a regularizer, or its saved name and config. */
export type RegularizerLike = RegularizerName | Regularizer | Pick<Regularizer, 'name' | 'config'>;

/**
 * L1 regularizer: l1 · Σ|w|. Drives weights to exactly 0. `l1` defaults to 0.01.
 *
 * @throws ValueError for a negative factor
 * @example
 * dense({ units: 10, kernelRegularizer: l1({ l1: 0.001 }) });
 */
export function l1(_options: { readonly l1?: number } = {}): Regularizer {
  return regularizer('l1', arguments, { l1: 0.01 });
}

/**
 * L2 regularizer: l2 · Σw². Keeps weights small. `l2` defaults to 0.01.
 *
 * @throws ValueError for a negative factor
 * @example
 * dense({ units: 10, kernelRegularizer: l2({ l2: 0.001 }) });
 */
export function l2(_options: { readonly l2?: number } = {}): Regularizer {
  return regularizer('l2', arguments, { l2: 0.01 });
}

/** Factors of `l1l2`. */
export interface L1L2Options {
  /** Default 0.01. */
  readonly l1?: number;
  /** Default 0.01. */
  readonly l2?: number;
}

/**
 * Combined regularizer: l1 · Σ|w| + l2 · Σw².
 *
 * @throws ValueError for a negative factor
 * @example
 * dense({ units: 10, kernelRegularizer: l1l2({ l1: 0.001, l2: 0.001 }) });
 */
export function l1l2(_options: L1L2Options = {}): Regularizer {
  return regularizer('l1l2', arguments, { l1: 0.01, l2: 0.01 });
}

/** @param defaults default factors; the regularizer has a term for each factor listed here */
function regularizer(name: RegularizerName, given: ArrayLike<unknown>, defaults: L1L2Options): Regularizer {
  const factors = Object.keys(defaults).map((factor) => [factor, number(0)] as const);
  checkArguments(name, given, { options: options(Object.fromEntries(factors)) });
  const chosen = (given[0] ?? {}) as L1L2Options;
  const config: Record<string, number> = { ...defaults };
  for (const [factor, value] of Object.entries(chosen)) if (value !== undefined) config[factor] = value as number;
  const terms = (weight: Node): Node[] => [
    ...(config['l1'] === undefined ? [] : [mul(sum(abs(weight)), config['l1'])]),
    ...(config['l2'] === undefined ? [] : [mul(sumOfSquares(weight), config['l2'])]),
  ];
  return { name, config, penalty: (weight) => terms(weight).reduce((total, term) => add(total, term)) };
}

const regularizers: Readonly<Record<RegularizerName, (options: Readonly<Record<string, number>>) => Regularizer>> = {
  l1,
  l2,
  l1l2,
};

/** Resolves a regularizer option to a regularizer. Throws `ValueError` for an unknown name. */
export function regularizerFrom(like: RegularizerLike): Regularizer {
  if (typeof like === 'string') return lookUp('regularizer', like, regularizers)({});
  const isObject = typeof like === 'object' && like !== null;
  requireOption('regularizer', 'option', like, 'a name or a regularizer', isObject);
  const { penalty } = like as Partial<Regularizer>;
  return typeof penalty === 'function'
    ? (like as Regularizer)
    : lookUp('regularizer', like.name, regularizers)(like.config ?? {});
}
