/**
 * The element-wise ops that are a few instructions of WebAssembly. All others are functions on four lanes, which the modules
 * of their records export and compiled chains call.
 */
import { f32x4, v128 } from './encoding.ts';
import type { Code } from './encoding.ts';

/** 0 and 1 in all lanes. */
export interface Numbers {
  readonly zero: Code;
  readonly one: Code;
}

/** Code of the operands may be repeated: it only gets a local. An immediate is an operand like any other. */
export type Line = (x: Code, y: Code, z: Code, numbers: Numbers) => Code;

const { eq, ne, lt, le, gt, ge, add, sub, mul, div, sqrt, pmin, pmax } = f32x4;

/** 1 where the mask is set, else 0. */
const flag =
  (mask: (x: Code, y: Code, zero: Code) => Code): Line =>
  (x, y, _, { zero, one }) =>
    v128.and(mask(x, y, zero), one);

export const lines: Readonly<Record<string, Line>> = {
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
  // NaN stays NaN
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
  // the order is TwoSum's: see src/ops/elementwise/sum-error.ts
  sum_error: (total, x, y, { zero }) => {
    const part = sub(total, x);
    const error = add(sub(x, sub(total, part)), sub(y, part));
    return v128.and(error, eq(sub(error, error), zero)); // 0 where it is not finite
  },
  // pmin and pmax give their first operand where it is NaN
  relu6: (x, six, _, { zero }) => pmin(pmax(x, zero), six),
  clip: (x, low, high) => pmin(pmax(x, low), high),
};

/** Nanoseconds that an op takes for one element, roughly: it decides whether sharing a chain among threads pays. */
export function workOf(name: string): number {
  if (!(name in lines)) return 2;
  return name === 'sqrt' || name === 'rsqrt' ? 0.4 : name === 'div' || name === 'maximum' ? 0.2 : 0.05;
}
