/** The rounding error of a float32 sum: for compensated sums over millions of steps. */
import { sumErrorHelper } from '../../generated/shaders/elementwise.ts';
import { ternary } from '../define.ts';
import type { Ternary } from '../define.ts';

/**
 * The exact rounding error x + y − total, where total is the float32 sum of x and y, by Knuth's TwoSum (The Art of
 * Computer Programming, volume 2, 4.2.2). The result is 0 where the total or an intermediate value is not finite.
 *
 * @param total float32: x + y
 * @param x float32
 * @param y float32; all three broadcast
 * @returns float32 of the broadcast shape
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
