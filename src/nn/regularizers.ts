/** Weight regularization: what large weights cost, added to the loss. Defaults are those of Keras. */
import { lookUp, requireNumber, requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { abs, add, mul } from '../ops/arithmetic.ts';
import { sum, sumOfSquares } from '../ops/reduce.ts';

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
export function l1({ l1: factor = 0.01 }: { readonly l1?: number } = {}): Regularizer {
  requireNumber('l1', 'l1', factor, 0);
  return { name: 'l1', config: { l1: factor }, penalty: (weight) => mul(sum(abs(weight)), factor) };
}

/** l2 · Σw² (default 0.01): keeps weights small. @throws ValueError for a negative factor */
export function l2({ l2: factor = 0.01 }: { readonly l2?: number } = {}): Regularizer {
  requireNumber('l2', 'l2', factor, 0);
  return { name: 'l2', config: { l2: factor }, penalty: (weight) => mul(sumOfSquares(weight), factor) };
}

export interface L1L2Options {
  /** Default 0.01. */
  readonly l1?: number;
  /** Default 0.01. */
  readonly l2?: number;
}

/** Both: l1 · Σ|w| + l2 · Σw². @throws ValueError for a negative factor */
export function l1l2(options: L1L2Options = {}): Regularizer {
  const { l1: first = 0.01, l2: second = 0.01 } = options;
  const [absolute, squared] = [l1({ l1: first }), l2({ l2: second })];
  return {
    name: 'l1l2',
    config: { l1: first, l2: second },
    penalty: (weight) => add(absolute.penalty(weight), squared.penalty(weight)),
  };
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
