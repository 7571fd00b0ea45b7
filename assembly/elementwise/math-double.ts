// sin, cos, pow and mod on four float32 lanes, computed in float64, two lanes at a time. Their range reductions need more than 24
// bits, and float64 costs less than the equivalent pairs of float32. The results are rounded once more to float32: within 1 ULP.
// Special cases of pow follow IEEE 754: pow(1, y), pow(x, 0) and pow(−1, ±∞) are 1, even for NaN arguments.
import { constant_double, select_lanes, splat } from '../simd';

const ROUND: usize = memory.data<f64>([6755399441055744]); // 1.5·2⁵²: adding it leaves the integer in the low bits

@inline
function upper_half(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 3, 2, 3);
}

@inline
function join_halves(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** f64x2: a·b + c with two roundings, so that both binaries give the same result. */
@inline
function step(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c);
}

const SINE: usize = memory.data<f64>([
  0.6366197723675814, // 0: 2/π
  1.5707963109016418, // 1: π/2, its first 25 bits (FreeBSD's e_rem_pio2f.c): the product with n is exact for n < 2²⁸
  1.5893254773528197e-8, // 2: π/2, the remaining bits
  // 3–6: (sin r − r)/r³ in powers of r², highest first, for |r| ≤ π/4; 2^−37
  2.71823739285036e-6, -1.9839327150595918e-4, 8.333329362332206e-3, -0.16666666641427055,
  // 7–10: (cos r − 1)/r² likewise; 2^−34
  2.4389635474266795e-5, -1.3886755339187634e-3, 4.1666623065181846e-2, -0.4999999972291398,
  1, // 11
]);

/** sin of the reduced argument r, or cos in odd quadrants; negated in quadrants 2 and 3. */
@inline
function quadrant_value(r: v128, quadrant: v128): v128 {
  const z = f64x2.mul(r, r);
  const unit = constant_double(SINE, 11);
  let s = step(z, constant_double(SINE, 3), constant_double(SINE, 4));
  s = step(s, z, constant_double(SINE, 5));
  s = step(s, z, constant_double(SINE, 6));
  s = f64x2.mul(r, step(s, z, unit));
  let c = step(z, constant_double(SINE, 7), constant_double(SINE, 8));
  c = step(c, z, constant_double(SINE, 9));
  c = step(c, z, constant_double(SINE, 10));
  c = step(c, z, unit);
  // Bit 0 of the quadrant becomes the mask, bit 1 the sign.
  const odd = i32x4.shr_s(i32x4.shl(v128.shuffle<i32>(quadrant, quadrant, 0, 0, 2, 2), 31), 31);
  const sign = i64x2.shl(i64x2.shr_u(quadrant, 1), 63);
  return v128.xor(v128.bitselect(c, s, odd), sign);
}

@inline
function sine_pair(x: v128, shift: i64): v128 {
  const rounded = step(x, constant_double(SINE, 0), constant_double(ROUND, 0));
  const n = f64x2.sub(rounded, constant_double(ROUND, 0));
  const r = f64x2.sub(
    f64x2.sub(x, f64x2.mul(n, constant_double(SINE, 1))),
    f64x2.mul(n, constant_double(SINE, 2)),
  );
  return quadrant_value(r, shift == 0 ? rounded : i64x2.add(rounded, i64x2.splat(shift)));
}

/** The fractional bits of 2/π, 32 per word. */
const TWO_OVER_PI = memory.data<u32>([
  0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
]);

@inline
function two_over_pi(bit: u32): u64 {
  const word = TWO_OVER_PI + ((bit >> 5) << 2);
  const pair = ((<u64>load<u32>(word)) << 32) | <u64>load<u32>(word, 4);
  return (pair << (bit & 31)) >> 32;
}

const LARGE: f32 = 134217728;

/**
 * Range reduction for |x| ≥ 2²⁷ (Payne and Hanek 1983): x = m·2^e with a 24-bit m. Only the product with 2/π modulo 4 is needed.
 * The bits of 2/π whose product with m·2^e is a multiple of 4 are skipped, and 96 bits from there on suffice.
 */
function sine_large(x: f32, shift: i64): f32 {
  const bits = reinterpret<u32>(x);
  const exponent = (bits >> 23) & 255;
  if (exponent == 255) return NaN;
  const m: u64 = (bits & 0x7fffff) | 0x800000;
  const first = exponent - 150 - 2; // the bit of weight 2^−(first + 1); m·2^e·2^−(first + 1) = 2·m
  const high = m * two_over_pi(first);
  const middle = m * two_over_pi(first + 32);
  const low = m * two_over_pi(first + 64);
  const product = (high << 32) + middle + (low >> 32); // modulo 4, with 62 fractional bits
  const quadrant = (product + (<u64>1 << 61)) >> 62;
  let r = <f64>(<i64>(product - (quadrant << 62))) * 3.406121580086555e-19; // π/2 · 2^−62
  let q = <i64>quadrant;
  if (bits >> 31) {
    r = -r;
    q = -q;
  }
  return <f32>f64x2.extract_lane(quadrant_value(f64x2.splat(r), i64x2.splat(q + shift)), 0);
}

/** Corrects the lanes of y whose argument is infinite, NaN or too large for `sine_pair`. */
function correct_large(x: v128, y: v128, shift: i64): v128 {
  const x0 = f32x4.extract_lane(x, 0), x1 = f32x4.extract_lane(x, 1);
  const x2 = f32x4.extract_lane(x, 2), x3 = f32x4.extract_lane(x, 3);
  if (!(abs(x0) < LARGE)) y = f32x4.replace_lane(y, 0, sine_large(x0, shift));
  if (!(abs(x1) < LARGE)) y = f32x4.replace_lane(y, 1, sine_large(x1, shift));
  if (!(abs(x2) < LARGE)) y = f32x4.replace_lane(y, 2, sine_large(x2, shift));
  if (!(abs(x3) < LARGE)) y = f32x4.replace_lane(y, 3, sine_large(x3, shift));
  return y;
}

@inline
function sine(x: v128, shift: i64): v128 {
  const low = sine_pair(f64x2.promote_low_f32x4(x), shift);
  const y = join_halves(low, sine_pair(f64x2.promote_low_f32x4(upper_half(x)), shift));
  return i32x4.all_true(f32x4.lt(f32x4.abs(x), splat(LARGE))) ? y : correct_large(x, y, shift);
}

@inline
export function sin(x: v128): v128 {
  return sine(x, 0);
}

@inline
export function cos(x: v128): v128 {
  return sine(x, 1);
}

const LOG2: usize = memory.data<f64>([
  1, // 0
  // 1–7: log2((1 + s)/(1 − s))/s in powers of s², highest first, for |s| ≤ 0.172; 2^−49
  0.24294568952733278, 0.2614453573000319, 0.32061621178613986, 0.4121984071969088, 0.577078017188327,
  0.9617966939245667, 2.8853900817779277,
  -Infinity, // 8
  Infinity, // 9
]);

/** log2 of x ≥ 0. The float64 lanes were promoted from float32, so none is subnormal. s = (m − 1)/(m + 1). */
@inline
function log2_pair(x: v128): v128 {
  const high = v128.shuffle<i32>(x, x, 1, 3, 1, 3);
  const exponent = i32x4.shr_s(i32x4.sub(high, i32x4.splat(0x3fe6a09e)), 20); // the high word of √½
  const m = i32x4.sub(x, v128.shuffle<i32>(i32x4.shl(exponent, 20), splat(0), 4, 0, 4, 1));
  const unit = constant_double(LOG2, 0);
  const s = f64x2.div(f64x2.sub(m, unit), f64x2.add(m, unit));
  const z = f64x2.mul(s, s);
  let p = step(z, constant_double(LOG2, 1), constant_double(LOG2, 2));
  p = step(p, z, constant_double(LOG2, 3));
  p = step(p, z, constant_double(LOG2, 4));
  p = step(p, z, constant_double(LOG2, 5));
  p = step(p, z, constant_double(LOG2, 6));
  p = step(p, z, constant_double(LOG2, 7));
  const y = f64x2.add(f64x2.mul(s, p), f64x2.convert_low_i32x4_s(exponent));
  const at_zero = v128.bitselect(constant_double(LOG2, 8), y, f64x2.eq(x, splat(0)));
  return v128.bitselect(at_zero, x, f64x2.lt(x, constant_double(LOG2, 9))); // ∞ and NaN are returned unchanged
}

const EXP2: usize = memory.data<f64>([
  200, // 0: beyond ±200 the float32 result is ∞ or 0
  -200, // 1
  // 2–10: 2^f in powers of f, highest first, for |f| ≤ ½; 2^−40
  1.3264092102927535e-6, 1.5310081812600623e-5, 1.5403411546204547e-4, 1.3333450558142656e-3, 9.618129228591808e-3,
  5.5504109412175644e-2, 0.24022650695466877, 0.6931471805459295, 1.0000000000000273,
  1, // 11
]);

/** 2^x */
@inline
function exp2_pair(x: v128): v128 {
  const t = f64x2.pmax(f64x2.pmin(x, constant_double(EXP2, 0)), constant_double(EXP2, 1));
  const rounded = f64x2.add(t, constant_double(ROUND, 0));
  const f = f64x2.sub(t, f64x2.sub(rounded, constant_double(ROUND, 0)));
  let p = step(f, constant_double(EXP2, 2), constant_double(EXP2, 3));
  p = step(p, f, constant_double(EXP2, 4));
  p = step(p, f, constant_double(EXP2, 5));
  p = step(p, f, constant_double(EXP2, 6));
  p = step(p, f, constant_double(EXP2, 7));
  p = step(p, f, constant_double(EXP2, 8));
  p = step(p, f, constant_double(EXP2, 9));
  p = step(p, f, constant_double(EXP2, 10));
  return f64x2.mul(p, i64x2.add(i64x2.shl(rounded, 52), constant_double(EXP2, 11)));
}

@inline
function pow_pair(x: v128, y: v128): v128 {
  return exp2_pair(f64x2.mul(f64x2.promote_low_f32x4(y), log2_pair(f64x2.promote_low_f32x4(x))));
}

@inline
export function pow(x: v128, y: v128): v128 {
  const size = f32x4.abs(x);
  const r = join_halves(pow_pair(size, y), pow_pair(upper_half(size), upper_half(y)));
  const zero = splat(0);
  // Negative base: NaN unless y is an integer (or the base is −0 or −∞); negative where y is odd.
  const half = f32x4.mul(y, splat(0.5));
  const whole = f32x4.eq(y, f32x4.floor(y));
  const odd = v128.andnot(whole, f32x4.eq(half, f32x4.floor(half)));
  const signed = v128.or(r, v128.and(v128.and(x, odd), i32x4.splat(0x80000000)));
  const no_root = v128.and(v128.andnot(f32x4.lt(x, zero), whole), f32x4.gt(x, splat(-Infinity)));
  const checked = select_lanes(no_root, splat(NaN), signed);
  const endless = f32x4.eq(f32x4.abs(y), splat(Infinity));
  const unit = v128.or(f32x4.eq(x, splat(1)), v128.and(f32x4.eq(size, splat(1)), endless));
  return select_lanes(v128.or(f32x4.eq(y, zero), unit), splat(1), checked);
}

/** x − y·floor(x/y), computed exactly: the remainder has the sign of the divisor, even where it is 0, as in NumPy. */
@inline
function mod_lane(x: f32, y: f32): f32 {
  const r: f32 = x % y;
  if (r == 0) return copysign<f32>(0, y);
  return r < 0 != y < 0 ? r + y : r;
}

@inline
export function mod(x: v128, y: v128): v128 {
  let r = f32x4.splat(mod_lane(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
  r = f32x4.replace_lane(r, 1, mod_lane(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)));
  r = f32x4.replace_lane(r, 2, mod_lane(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)));
  return f32x4.replace_lane(r, 3, mod_lane(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)));
}
