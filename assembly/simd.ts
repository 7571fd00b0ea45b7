// Inline lane helpers for all kernels: short names for the f32x4 operations, the fused multiply-add, and loads and stores of the
// one to three floats after the last full vector.
//
// Kernels receive addresses that are only 4-byte aligned. The v128 loads and stores of wasm permit that.

/** a·b + c with two roundings on every machine. The polynomials use it, because their errors were fitted with two roundings. */
@inline
export function multiply_add(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * a·b + c: one rounding on machines with a fused multiply-add instruction, otherwise two. For engines without relaxed SIMD, the
 * loader substitutes a multiplication and an addition (src/backends/wasm/plain-simd.ts).
 */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

@inline
export function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

@inline
export function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

@inline
export function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

@inline
export function div(a: v128, b: v128): v128 {
  return f32x4.div(a, b);
}

@inline
export function abs(x: v128): v128 {
  return f32x4.abs(x);
}

/** The sign bits of x; all other bits are 0. */
@inline
export function sign_bits(x: v128): v128 {
  return v128.xor(x, f32x4.abs(x));
}

/** Lanes of `a` where the mask is all ones, lanes of `b` where it is 0. */
@inline
export function select_lanes(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

// V8 rebuilds a v128 constant in every iteration of a loop with several instructions; a splat load from memory is one
// instruction. Performance-critical loops therefore read their constants from tables: exp went from 2.2 to 1.3 ns per element.

/** Element `index` of a table created by memory.data<f32>, in all lanes. */
@inline
export function constant(table: usize, index: usize): v128 {
  return v128.load_splat<f32>(table + (index << 2));
}

/** Element `index` of a table created by memory.data<f64>, in both lanes. */
@inline
export function constant_double(table: usize, index: usize): v128 {
  return v128.load_splat<f64>(table + (index << 3));
}

const ONE: usize = memory.data<f32>([1]);

@inline
export function one(): v128 {
  return constant(ONE, 0);
}

// On x64, pmin and pmax are one instruction each, while min and max are eight. `pmin(x, limit)` and `pmax(x, limit)` return x
// when x is NaN, because the comparison is false. A NaN therefore passes a clamp as long as the limit is the second argument.

@inline
export function at_most(x: v128, limit: v128): v128 {
  return f32x4.pmin(x, limit);
}

@inline
export function at_least(x: v128, limit: v128): v128 {
  return f32x4.pmax(x, limit);
}

/** x where x > 0 or x is NaN, otherwise 0. −0 stays −0. */
@inline
export function relu(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(x, f32x4.splat(0)));
}

/** ((lane 0 + lane 2) + (lane 1 + lane 3)) */
@inline
export function sum_lanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest lane; NaN if any lane is NaN. */
@inline
export function max_lanes(x: v128): f32 {
  const pairs = f32x4.max(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** The smallest lane; NaN if any lane is NaN. */
@inline
export function min_lanes(x: v128): f32 {
  const pairs = f32x4.min(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return min<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Loads the first `count` (1, 2 or 3) floats at `p` into the low lanes. The other lanes are set to `filler`. */
export function load_tail(p: usize, count: u32, filler: f32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(filler), 0, load<f32>(p));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

/** Stores the low `count` (1, 2 or 3) lanes. */
@inline
export function store_tail(p: usize, v: v128, count: u32): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

/** (a0, b0, a1, b1) */
@inline
export function interleave_low(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

/** (a2, b2, a3, b3) */
@inline
export function interleave_high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

/** (a0, a1, b0, b1) */
@inline
export function low_halves(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 1, 4, 5);
}

/** (a2, a3, b2, b3) */
@inline
export function high_halves(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 3, 6, 7);
}
