// tanh, sigmoid, softplus, silu, elu, erf and gelu on four float32 lanes, built from the functions in math.ts.
// The formulas avoid cancellation and intermediate overflow: results are within 4 ULP of float64 everywhere, including the tails
// where they are subnormal.
import { abs, add, at_least, at_most, constant, div, multiply_add, mul, one, select_lanes, sign_bits, splat, sub } from '../simd';
import {
  exp_exponent, exp_negative, exp_remainder, exp_round, expm1, expm1_polynomial, log1p_inside, power_of_two, scale,
} from './math';

const LIMITS: usize = memory.data<f32>([
  10, // 0: tanh is 1 from here on
  2, // 1
  -120, // 2: x·e^x is 0 from here downwards
]);

/** With E = e^2|x| − 1: tanh |x| = E / (E + 2). */
@inline
export function tanh(x: v128): v128 {
  const y = at_most(abs(x), constant(LIMITS, 0));
  const twice = add(y, y);
  const rounded = exp_round(twice);
  const p = expm1_polynomial(exp_remainder(twice, rounded));
  const two_n = power_of_two(exp_exponent(rounded));
  const e = multiply_add(two_n, p, sub(two_n, one()));
  return v128.or(div(e, add(e, constant(LIMITS, 1))), sign_bits(x));
}

/** 1 / (1 + e^−x), computed for x < 0 as e^x / (1 + e^x), so that the left tail extends into the subnormals. */
@inline
export function sigmoid(x: v128): v128 {
  const e = exp_negative(f32x4.neg(abs(x)));
  return div(select_lanes(f32x4.lt(x, splat(0)), e, one()), add(one(), e));
}

/** x·sigmoid(x). The power of two is multiplied in last, so that x·e^x retains its precision where e^x alone is subnormal. */
@inline
export function silu(x: v128): v128 {
  const bounded = at_least(x, constant(LIMITS, 2));
  const y = at_least(f32x4.neg(abs(bounded)), constant(LIMITS, 2));
  const rounded = exp_round(y);
  const n = exp_exponent(rounded);
  const p = add(expm1_polynomial(exp_remainder(y, rounded)), one());
  const negative = f32x4.lt(x, splat(0));
  const quotient = div(mul(bounded, select_lanes(negative, p, one())), add(one(), scale(p, n)));
  return scale(quotient, v128.and(n, negative));
}

/** max(x, 0) + ln(1 + e^−|x|) */
@inline
export function softplus(x: v128): v128 {
  return add(f32x4.pmax(x, splat(0)), log1p_inside(exp_negative(f32x4.neg(abs(x)))));
}

/** alpha·(e^x − 1) where x < 0, else x */
@inline
export function elu(x: v128, alpha: v128): v128 {
  return select_lanes(f32x4.lt(x, splat(0)), mul(alpha, expm1(at_most(x, splat(0)))), x);
}

const ERF: usize = memory.data<f32>([
  // 0–6: (erf x − x)/x in powers of x², highest first, for |x| < 0.95; 2^−29
  7.920368079794571e-5, -8.030761382542551e-4, 5.190733820199966e-3, -2.685512602329254e-2, 0.11283618211746216,
  -0.3761262893676758, 0.12837916612625122,
  // 7–13: ln erfc x in powers of x, highest first, for x from 0.9 to 4; 2^−29 of erf x
  1.9821972819045186e-4, -3.065483644604683e-3, 2.231517806649208e-2, -0.1041136160492897, -0.6369761228561401,
  -1.127797245979309, -1.6643907292746007e-4,
  4, // 14: erf is 1 from here on
  0.95, // 15
]);

/**
 * A polynomial below 0.95, and 1 − e^(ln erfc |x|) above. The form 1 − e^−polynomial follows N. Juffa's my_erff; the coefficients
 * were fitted for this project.
 */
@inline
export function erf(x: v128): v128 {
  const y = at_most(abs(x), constant(ERF, 14));
  const square = mul(y, y);
  let r = constant(ERF, 0);
  r = multiply_add(r, square, constant(ERF, 1));
  r = multiply_add(r, square, constant(ERF, 2));
  r = multiply_add(r, square, constant(ERF, 3));
  r = multiply_add(r, square, constant(ERF, 4));
  r = multiply_add(r, square, constant(ERF, 5));
  r = multiply_add(r, square, constant(ERF, 6));
  const near = multiply_add(y, r, y);
  let e = constant(ERF, 7);
  e = multiply_add(e, y, constant(ERF, 8));
  e = multiply_add(e, y, constant(ERF, 9));
  e = multiply_add(e, y, constant(ERF, 10));
  e = multiply_add(e, y, constant(ERF, 11));
  e = multiply_add(e, y, constant(ERF, 12));
  e = multiply_add(e, y, constant(ERF, 13));
  // e stays above −18, so e^e is normal and a single power of two suffices.
  const rounded = exp_round(e);
  const power = power_of_two(exp_exponent(rounded));
  const far = sub(one(), multiply_add(expm1_polynomial(exp_remainder(e, rounded)), power, power));
  return v128.or(select_lanes(f32x4.lt(y, constant(ERF, 15)), near, far), sign_bits(x));
}

const GELU: usize = memory.data<f32>([
  // 0–10: erfc(t/√2)·e^(t²/2)·(1 + t) in powers of q = (t − 3)/(t + 3), highest first, for t from 0 to 14.6; 2^−27
  9.435509127797559e-5, 2.3167074687080458e-5, -9.453814709559083e-4, -6.815106025896966e-4, 5.987510085105896e-3,
  2.311450196430087e-3, -4.545507952570915e-2, 9.032893180847168e-2, -3.286448493599892e-2, -0.19305354356765747,
  0.9721115827560425,
  14.75, // 11: t·erfc(t/√2) is 0 from here on
  3, // 12
  -0.5, // 13
  0.5, // 14
]);

/**
 * ½·x·(1 + erf(x/√2)), the exact form. With t = |x| and h = ½·t·erfc(t/√2), the result is x − h for x ≥ 0 and −h for x < 0.
 * The mapping of t to q follows Shepherd and Laframboise 1981 for e^x²·erfc x; the coefficients were fitted for this project.
 * t² is split into two parts, because the rounding of t²/2 alone would cost a hundred ULP in the tail.
 */
@inline
export function gelu(x: v128): v128 {
  const t = at_most(abs(x), constant(GELU, 11));
  const q = div(sub(t, constant(GELU, 12)), add(t, constant(GELU, 12)));
  let g = constant(GELU, 0);
  g = multiply_add(g, q, constant(GELU, 1));
  g = multiply_add(g, q, constant(GELU, 2));
  g = multiply_add(g, q, constant(GELU, 3));
  g = multiply_add(g, q, constant(GELU, 4));
  g = multiply_add(g, q, constant(GELU, 5));
  g = multiply_add(g, q, constant(GELU, 6));
  g = multiply_add(g, q, constant(GELU, 7));
  g = multiply_add(g, q, constant(GELU, 8));
  g = multiply_add(g, q, constant(GELU, 9));
  g = multiply_add(g, q, constant(GELU, 10));
  const high = v128.and(t, i32x4.splat(0xfffff000)); // 12 bits: its square is exact
  const half_square = mul(mul(high, high), constant(GELU, 13));
  const rest = mul(mul(sub(t, high), add(t, high)), constant(GELU, 13));
  const rounded = exp_round(half_square);
  const p = add(expm1_polynomial(add(exp_remainder(half_square, rounded), rest)), one());
  const ratio = div(mul(mul(mul(t, constant(GELU, 14)), g), p), add(t, one()));
  const h = scale(ratio, exp_exponent(rounded));
  return select_lanes(f32x4.lt(x, splat(0)), f32x4.neg(h), sub(x, h));
}
