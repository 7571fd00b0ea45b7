// exp, log, expm1 and log1p on four float32 lanes, and the building blocks of them that math-activation.ts and softmax.ts use.
// Results are within 2 ULP of float64 over the whole range, including subnormal arguments and results
// (test/assembly/math.test.ts).
//
// The range reductions are the classical ones (Cody and Waite 1980; the split of ln 2 is taken from Cephes' expf.c and logf.c).
// The polynomials were fitted for this project: weighted least squares on 400 Chebyshev nodes, re-weighted towards the largest
// error (Lawson). The coefficients were rounded to float32 one after another, and the remaining ones were fitted again each time.
// The figure next to each polynomial is its maximum relative error before evaluation.
import { add, at_least, at_most, constant, multiply_add, mul, one, select_lanes, sign_bits, splat, sub } from '../simd';

const EXP: usize = memory.data<f32>([
  1.4426950408889634, // 0: 1 / ln 2
  12582912, // 1: 1.5·2²³; adding it leaves the nearest integer in the low bits of the sum
  -0.693359375, // 2: −ln 2, the first 9 bits, so that the product with an exponent is exact
  2.1219444005469058e-4, // 3: −ln 2, the remaining bits
  89, // 4: e^89 is infinite
  -120, // 5: e^−120 is 0, even multiplied by 120
  -18, // 6: e^−18 − 1 is −1
  // 7–12: (e^r − 1 − r)/r² for |r| ≤ 0.35, highest power first; 2^−31 of e^r − 1
  1.9944262749049813e-4, 1.3932674191892147e-3, 8.333208039402962e-3, 4.166648909449577e-2, 0.1666666716337204, 0.5,
]);

/** x / ln 2 rounded to an integer n, represented as n + 1.5·2²³. |x| must stay below 2²¹. */
@inline
export function exp_round(x: v128): v128 {
  return multiply_add(x, constant(EXP, 0), constant(EXP, 1));
}

/** x − n·ln 2, within ±0.35. */
@inline
export function exp_remainder(x: v128, rounded: v128): v128 {
  const n = sub(rounded, constant(EXP, 1));
  return multiply_add(n, constant(EXP, 3), multiply_add(n, constant(EXP, 2), x));
}

/** n as an integer lane. */
@inline
export function exp_exponent(rounded: v128): v128 {
  return i32x4.sub(rounded, constant(EXP, 1));
}

/** e^r − 1 for |r| ≤ 0.35 */
@inline
export function expm1_polynomial(r: v128): v128 {
  let q = constant(EXP, 7);
  q = multiply_add(q, r, constant(EXP, 8));
  q = multiply_add(q, r, constant(EXP, 9));
  q = multiply_add(q, r, constant(EXP, 10));
  q = multiply_add(q, r, constant(EXP, 11));
  q = multiply_add(q, r, constant(EXP, 12));
  return multiply_add(mul(r, r), q, r);
}

/** 2^n for n from −126 to 127: n is added to the exponent of 1.0. */
@inline
export function power_of_two(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), one());
}

/** v·2^n in two steps, so that n may range from −250 to 250 and a subnormal result is rounded only once. */
@inline
export function scale(v: v128, n: v128): v128 {
  const half = i32x4.shr_s(n, 1);
  return mul(mul(v, power_of_two(half)), power_of_two(i32x4.sub(n, half)));
}

/** x clamped to [−120, 89]; NaN stays NaN. */
@inline
export function exp_clamp(x: v128): v128 {
  return at_least(at_most(x, constant(EXP, 4)), constant(EXP, 5));
}

/** e^x for x ≥ −120 */
@inline
export function exp_inside(x: v128): v128 {
  const rounded = exp_round(x);
  return scale(add(expm1_polynomial(exp_remainder(x, rounded)), one()), exp_exponent(rounded));
}

@inline
export function exp(x: v128): v128 {
  return exp_inside(exp_clamp(x));
}

/** e^x for x ≤ 0 or NaN */
@inline
export function exp_negative(x: v128): v128 {
  return exp_inside(at_least(x, constant(EXP, 5)));
}

@inline
export function expm1(x: v128): v128 {
  const clamped = at_least(at_most(x, constant(EXP, 4)), constant(EXP, 6));
  const rounded = exp_round(clamped);
  const p = expm1_polynomial(exp_remainder(clamped, rounded));
  // 2^n·(p + 1) − 1, computed in halves because 2^128 is not a float. For n = 0 the halves would lose the last bit of a
  // subnormal.
  const n = exp_exponent(rounded);
  const half = constant(EXP, 12);
  const half_power = i32x4.add(i32x4.shl(n, 23), half);
  const y = multiply_add(half_power, p, sub(half_power, half));
  const whole = select_lanes(i32x4.eq(n, splat(0)), p, add(y, y));
  return v128.or(whole, sign_bits(x)); // −0 stays −0
}

const LOG: usize = memory.data<f32>([
  // 0–8: (ln(1 + f) − f + f²/2)/f³ for 1 + f in [√½, √2], highest power first; 2^−30 of ln(1 + f)
  6.749539077281952e-2, -0.11670182645320892, 0.1188347116112709, -0.12406208366155624, 0.14220362901687622,
  -0.16667990386486053, 0.2000207155942917, -0.25000008940696716, 0.3333331346511841,
  -0.5, // 9
  0.693359375, // 10: ln 2, as in EXP
  -2.1219444005469058e-4, // 11
  0.7071067690849304, // 12: √½, for its bits
  Infinity, // 13
  -Infinity, // 14
  NaN, // 15
  1.1754943508222875e-38, // 16: the smallest normal number
  33554432, // 17: 2²⁵
  -1, // 18
]);

/** ln(1 + f) + k·ln 2 */
@inline
function log_polynomial(f: v128, k: v128): v128 {
  let p = constant(LOG, 0);
  p = multiply_add(p, f, constant(LOG, 1));
  p = multiply_add(p, f, constant(LOG, 2));
  p = multiply_add(p, f, constant(LOG, 3));
  p = multiply_add(p, f, constant(LOG, 4));
  p = multiply_add(p, f, constant(LOG, 5));
  p = multiply_add(p, f, constant(LOG, 6));
  p = multiply_add(p, f, constant(LOG, 7));
  p = multiply_add(p, f, constant(LOG, 8));
  const square = mul(f, f);
  let y = mul(mul(f, square), p);
  y = multiply_add(k, constant(LOG, 11), y);
  y = multiply_add(square, constant(LOG, 9), y);
  return multiply_add(k, constant(LOG, 10), add(f, y));
}

/** The exponent k of x = m·2^k with m in [√½, √2), as an integer lane. x must be positive and normal. */
@inline
function log_exponent(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, constant(LOG, 12)), 23);
}

/** Returns y where low < x < ∞, −∞ where x = low and NaN where x < low. ∞ and NaN are returned unchanged. */
@inline
function log_edges(x: v128, low: v128, y: v128): v128 {
  const outside = select_lanes(f32x4.eq(x, low), constant(LOG, 14), constant(LOG, 15));
  const inside = select_lanes(f32x4.le(x, low), outside, y);
  return select_lanes(f32x4.lt(x, constant(LOG, 13)), inside, x);
}

@inline
export function log(x: v128): v128 {
  const subnormal = f32x4.lt(x, constant(LOG, 16));
  const normal = select_lanes(subnormal, mul(x, constant(LOG, 17)), x);
  const k = log_exponent(normal);
  const f = sub(i32x4.sub(normal, i32x4.shl(k, 23)), one());
  const exponent = i32x4.sub(k, v128.and(subnormal, i32x4.splat(25)));
  return log_edges(x, splat(0), log_polynomial(f, f32x4.convert_i32x4_s(exponent)));
}

/** ln(1 + x) for finite x > −1. */
@inline
export function log1p_inside(x: v128): v128 {
  const u = add(one(), x);
  // The rounding error of 1 + x. It is divided by 2^k like u and added back.
  const lost = select_lanes(f32x4.lt(x, one()), sub(x, sub(u, one())), sub(one(), sub(u, x)));
  const k = log_exponent(u);
  const f = sub(i32x4.sub(u, i32x4.shl(k, 23)), one());
  // Beyond 2^64, `lost` has no effect on the result, and 2^−128 is not representable.
  const down = power_of_two(i32x4.neg(i32x4.min_s(k, i32x4.splat(64))));
  return log_polynomial(multiply_add(lost, down, f), f32x4.convert_i32x4_s(k));
}

@inline
export function log1p(x: v128): v128 {
  return log_edges(x, constant(LOG, 18), v128.or(log1p_inside(x), sign_bits(x))); // −0 stays −0
}
