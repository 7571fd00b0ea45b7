/** Weight regularization: what large weights cost, added to the loss. Defaults are those of Keras. */
import { checkArguments, number, options } from '../core/arguments.ts';
import { lookUp, requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { abs, add, mul } from '../ops/elementwise/arithmetic.ts';
import { sum, sumOfSquares } from '../ops/reduce/reduce.ts';

export interface Regularizer {
  readonly name: RegularizerName;
  /** The options that make it again, as JSON. */
  readonly config: Readonly<Record<string, number>>;
  /** float32 []: to be added to the mean loss of the batch. */
  penalty(weight: Node): Node;
}

export type RegularizerName = 'l1' | 'l2' | 'l1l2';

/** What a layer's option takes: a name, a regularizer, or what `config` saved of one. */
export type RegularizerLike = RegularizerName | Regularizer | Pick<Regularizer, 'name' | 'config'>;

/** l1 · Σ|w| (default 0.01): draws weights to exactly 0. @throws ValueError for a negative factor */
export function l1(_options: { readonly l1?: number } = {}): Regularizer {
  return regularizer('l1', arguments, { l1: 0.01 });
}

/** l2 · Σw² (default 0.01): keeps weights small. @throws ValueError for a negative factor */
export function l2(_options: { readonly l2?: number } = {}): Regularizer {
  return regularizer('l2', arguments, { l2: 0.01 });
}

export interface L1L2Options {
  /** Default 0.01. */
  readonly l1?: number;
  /** Default 0.01. */
  readonly l2?: number;
}

/** Both: l1 · Σ|w| + l2 · Σw². @throws ValueError for a negative factor */
export function l1l2(_options: L1L2Options = {}): Regularizer {
  return regularizer('l1l2', arguments, { l1: 0.01, l2: 0.01 });
}

/** Each default is that of a factor: of the sum of sizes, or of that of squares. */
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

/** The regularizer that `like` stands for. Throws `ValueError` for an unknown name. */
export function regularizerFrom(like: RegularizerLike): Regularizer {
  if (typeof like === 'string') return lookUp('regularizer', like, regularizers)({});
  const isObject = typeof like === 'object' && like !== null;
  requireOption('regularizer', 'option', like, 'a name or a regularizer', isObject);
  const { penalty } = like as Partial<Regularizer>;
  return typeof penalty === 'function'
    ? (like as Regularizer)
    : lookUp('regularizer', like.name, regularizers)(like.config ?? {});
}
