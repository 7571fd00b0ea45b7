/** What a float32 sum loses by rounding: for sums over millions of steps that keep the loss beside the total. */
import { sumErrorHelper } from '../../generated/shaders/elementwise.ts';
import { ternary } from '../define.ts';
import type { Ternary } from '../define.ts';

/**
 * x + y − total for total = x + y as float32 rounded it: exact, by Knuth's TwoSum (The Art of Computer Programming, volume
 * 2, 4.2.2). 0 where the total, or anything on the way, is not finite. float32, broadcasts.
 */
export const sumError: Ternary = /* @__PURE__ */ ternary({
  name: 'sumError',
  gradient: null, // piecewise constant
  wgsl: 'sum_error(x, y, z)',
  helpers: [sumErrorHelper],
  wasm: 'sum_error',
  reference: (_, total, x, y) => {
    const part = total - x;
    const error = x - (total - part) + (y - part);
    return Number.isFinite(Math.fround(part)) && Number.isFinite(Math.fround(error)) ? error : 0;
  },
});
