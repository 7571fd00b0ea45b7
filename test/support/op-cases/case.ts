/** The type of an op case, and the helpers that build cases. */
import { typedArray } from '../../../src/core/dtype.ts';
import type { DType, TypedArray } from '../../../src/core/dtype.ts';
import { deriveKey, keyFromSeed, permutation, uniform } from '../../../src/core/random.ts';
import type { Key } from '../../../src/core/random.ts';
import { formatShape, sizeOf } from '../../../src/core/shape.ts';
import type { Shape } from '../../../src/core/shape.ts';
import type { Node } from '../../../src/graph/node.ts';
import type { Op } from '../../../src/graph/op.ts';

/**
 * The maximum difference from float64: |got − want| ≤ ulps · 2⁻²³ · |want| + absolute + terms · 2⁻²⁴ · m, where m is the
 * result for the magnitudes of the inputs. `terms` is for sums and products: 2 · K for K terms.
 */
export interface Tolerance {
  readonly ulps?: number;
  readonly absolute?: number;
  readonly terms?: number;
}

export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: TypedArray;
}

export interface BuiltCase {
  readonly inputs: readonly CaseInput[];
  /** The node under test, from variables (or other nodes) of the inputs' types. */
  node(inputs: readonly Node[]): Node;
}

export interface OpCase {
  readonly op: Op;
  /** Unique; starts with the op's name. */
  readonly name: string;
  build(): BuiltCase;
  readonly tolerance: Tolerance;
  /** The tolerance on WebGPU, where WGSL guarantees less than the other backends. */
  readonly webgpuTolerance: Tolerance;
  /** Indices of the inputs whose gradients are compared with finite differences. */
  readonly differentiable: readonly number[];
  /** Whether second derivatives are checked too. */
  readonly smooth: boolean;
  /** An input or output is NaN or infinite. WGSL guarantees nothing for these, but most adapters follow IEEE 754. */
  readonly nonFinite: boolean;
}

/** Generates `count` values from a key. */
export type Values = (count: number, key: Key) => ArrayLike<number>;

export interface InputSpec {
  readonly shape: Shape;
  readonly values: Values;
  readonly dtype?: DType;
}

interface CaseOptions {
  readonly inputs: readonly InputSpec[];
  readonly node: (...inputs: Node[]) => Node;
  readonly tolerance?: Tolerance;
  readonly webgpuTolerance?: Tolerance;
  readonly differentiable?: readonly number[];
  readonly smooth?: boolean;
  readonly nonFinite?: boolean;
}

/** Creates a case of `fn`'s op. The name determines the values. */
export function opCase(fn: { readonly op: unknown }, name: string, options: CaseOptions): OpCase {
  const op = fn.op as Op;
  const fullName = `${op.name} ${name}`;
  const { inputs, node, tolerance = {}, webgpuTolerance = tolerance } = options;
  const { differentiable = [], smooth = false, nonFinite = false } = options;
  const build = (): BuiltCase => ({
    inputs: inputs.map(({ shape, values, dtype = 'float32' }, index) => {
      const array = typedArray(dtype, sizeOf(shape));
      array.set(Array.from(values(sizeOf(shape), deriveKey(keyFromSeed(hash(fullName)), index))));
      return { shape, dtype, values: array };
    }),
    node: (nodes) => node(...nodes),
  });
  return { op, name: fullName, build, tolerance, webgpuTolerance, differentiable, smooth, nonFinite };
}

/** FNV-1a hash of the name. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ character.codePointAt(0)!, 0x01000193);
  return h >>> 0;
}

/** Uniform in [min, max), at least 0.05 from each of `kinks`, so that finite differences do not cross them. */
export const between =
  (min: number, max: number, kinks: readonly number[] = []): Values =>
  (count, key) =>
    uniform(key, count).map((draw) => {
      const value = min + draw * (max - min);
      return kinks.some((kink) => Math.abs(value - kink) < 0.05) ? value + 0.1 : value;
    });

/** Integers from min to max, inclusive. */
export const integers =
  (min: number, max: number): Values =>
  (count, key) =>
    uniform(key, count).map((draw) => Math.floor(min + draw * (max - min + 1)));

/** Distinct values around 0, 0.3 apart, in random order. */
export const distinct: Values = (count, key) =>
  Float64Array.from(permutation(key, count), (place) => (place - count / 2) * 0.3 + 0.1);

/** A random permutation of 0 … count − 1. */
export const shuffled: Values = (count, key) => permutation(key, count);

/** These values, repeated cyclically. */
export const list =
  (...values: readonly number[]): Values =>
  (count) =>
    Array.from({ length: count }, (_, index) => values[index % values.length]!);

/** A float32 input. */
export const floats = (shape: Shape, values: Values = between(-2, 2)): InputSpec => ({ shape, values });
/** An int32 input. */
export const ints = (shape: Shape, values: Values): InputSpec => ({ shape, values, dtype: 'int32' });
/** An int32 scalar. */
export const scalar = (value: number): InputSpec => ints([], list(value));

/** The shapes of the inputs, for names: `[3, 4] [4]`. */
export const shapesOf = (...shapes: readonly Shape[]): string => shapes.map(formatShape).join(' ');

/** Test lengths for every kernel: empty, vector widths and tails, a prime, several tiles. */
export const lengths = [0, 1, 3, 4, 5, 17, 101, 300, 1031] as const;
