/**
 * The element-wise ops that are a few WebAssembly instructions. All others are functions on four lanes, exported by the
 * modules that the op records name and called by compiled chains.
 */
import { f32x4, v128 } from './encoding.ts';
import type { Code } from './encoding.ts';

/** 0 and 1 in all lanes. */
export interface Numbers {
  readonly zero: Code;
  readonly one: Code;
}

/**
 * Generates the instructions of an op. Operands are local reads, so their code may be repeated. An immediate is an
 * operand like any other.
 */
export type EmitOp = (x: Code, y: Code, z: Code, numbers: Numbers) => Code;

const { eq, ne, lt, le, gt, ge, add, sub, mul, div, sqrt, pmin, pmax } = f32x4;

/** 1 where the mask is set, else 0. */
const flag =
  (mask: (x: Code, y: Code, zero: Code) => Code): EmitOp =>
  (x, y, _, { zero, one }) =>
    v128.and(mask(x, y, zero), one);

export const inlineOps: Readonly<Record<string, EmitOp>> = {
  copy: (x) => x,
  neg: f32x4.neg,
  abs: f32x4.abs,
  sqrt,
  square: (x) => mul(x, x),
  rsqrt: (x, _y, _z, { one }) => div(one, sqrt(x)),
  reciprocal: (x, _y, _z, { one }) => div(one, x),
  floor: f32x4.floor,
  ceil: f32x4.ceil,
  round: f32x4.nearest,
  // preserves NaN
  sign: (x, _y, _z, { zero, one }) =>
    v128.select(sub(v128.and(gt(x, zero), one), v128.and(lt(x, zero), one)), x, eq(x, x)),
  relu: (x, _y, _z, { zero }) => v128.andNot(x, lt(x, zero)),
  leaky_relu: (x, alpha, _, { zero }) => v128.select(mul(x, alpha), x, lt(x, zero)),
  step: (x, _y, _z, { zero, one }) => v128.select(v128.and(gt(x, zero), one), x, eq(x, x)),
  logical_not: flag((x, _, zero) => eq(x, zero)),
  add,
  sub,
  mul,
  div,
  maximum: f32x4.max,
  minimum: f32x4.min,
  equal: flag(eq),
  not_equal: flag(ne),
  less: flag(lt),
  less_equal: flag(le),
  greater: flag(gt),
  greater_equal: flag(ge),
  logical_and: flag((x, y, zero) => v128.and(ne(x, zero), ne(y, zero))),
  logical_or: flag((x, y, zero) => v128.or(ne(x, zero), ne(y, zero))),
  select: (x, y, z, { zero }) => v128.select(y, z, ne(x, zero)),
  scale_shift: (x, scale, offset) => add(mul(x, scale), offset),
  // the order of operations is TwoSum's: see src/ops/elementwise/sum-error.ts
  sum_error: (total, x, y, { zero }) => {
    const part = sub(total, x);
    const error = add(sub(x, sub(total, part)), sub(y, part));
    return v128.and(error, eq(sub(error, error), zero)); // 0 where the error is not finite
  },
  // pmin and pmax return their first operand if it is NaN
  relu6: (x, six, _, { zero }) => pmin(pmax(x, zero), six),
  clip: (x, low, high) => pmin(pmax(x, low), high),
};

/** Approximate nanoseconds per element of an op. Decides whether sharing a chain among threads pays off. */
export function workOf(name: string): number {
  if (!(name in inlineOps)) return 2;
  return name === 'sqrt' || name === 'rsqrt' ? 0.4 : name === 'div' || name === 'maximum' ? 0.2 : 0.05;
}
