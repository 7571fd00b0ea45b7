// Mean and variance of rows, for layer normalization and its gradients (layer-norm.ts). The statistics of a row depend only on
// its own elements, added in a fixed order, whichever thread computes them and whatever the neighbouring rows are.
import {
  add, div, fma, high_halves, interleave_high, interleave_low, load_tail, low_halves, mul, select_lanes, splat, sub, sum_lanes,
} from '../simd';
import { workspace } from '../runtime/part';

/**
 * Number of rows that are measured before any of them is used. Four rows share one square root and two divisions, which halves
 * the time for 16 columns. Rows longer than 1 KiB would be evicted from the L1 cache before they are used (768 columns from
 * memory: 18 GB/s four at a time, 26 GB/s one at a time).
 */
export function rows_at_once(columns: u32): u32 {
  return columns <= 256 ? 4 : 1;
}

/** (Σ a, Σ b, Σ c, Σ d) of four vectors that are `stride` bytes apart. */
@inline
function sums(p: usize, stride: usize): v128 {
  const a = v128.load(p), b = v128.load(p + stride), c = v128.load(p + 2 * stride), d = v128.load(p + 3 * stride);
  const ab = add(interleave_low(a, b), interleave_high(a, b));
  const cd = add(interleave_low(c, d), interleave_high(c, d));
  return add(low_halves(ab, cd), high_halves(ab, cd));
}

/** The workspace of this thread. */
let known: usize = 0;

/** Every kernel calls this function first. */
@inline
export function find_workspace(): void {
  known = workspace();
}

// Statistics of four rows, in the workspace: m of each row; r = 1 / √(variance + ε); −d·r; two vectors of partial sums.
@inline
export function center(index: u32): v128 {
  return v128.load_splat<f32>(known + (<usize>index << 2));
}
@inline
export function factor(index: u32): v128 {
  return v128.load_splat<f32>(known + (<usize>index << 2), 16);
}
@inline
export function correction(index: u32): v128 {
  return v128.load_splat<f32>(known + (<usize>index << 2), 32);
}
@inline
function partial(index: u32): usize {
  return known + 64 + (<usize>index << 5);
}

/** Σ (x − m) and Σ (x − m)² of row `index`, in four lanes each. Sums of 512 terms are added to the total. */
function sum_deviations(index: u32, x: usize, columns: u32): void {
  const m = center(index);
  let sum = splat(0), squares = sum;
  for (let left = columns; left > 0; ) {
    let count = min<u32>(left, 512);
    left -= count;
    let s0 = splat(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
    for (; count >= 16; count -= 16, x += 64) {
      const e0 = sub(v128.load(x), m), e1 = sub(v128.load(x, 16), m);
      const e2 = sub(v128.load(x, 32), m), e3 = sub(v128.load(x, 48), m);
      s0 = add(s0, e0);
      s1 = add(s1, e1);
      s2 = add(s2, e2);
      s3 = add(s3, e3);
      q0 = fma(e0, e0, q0);
      q1 = fma(e1, e1, q1);
      q2 = fma(e2, e2, q2);
      q3 = fma(e3, e3, q3);
    }
    for (; count >= 4; count -= 4, x += 16) {
      const e = sub(v128.load(x), m);
      s0 = add(s0, e);
      q0 = fma(e, e, q0);
    }
    if (count > 0) {
      const e = sub(load_tail(x, count, f32x4.extract_lane(m, 0)), m); // the filler adds 0
      s1 = add(s1, e);
      q1 = fma(e, e, q1);
    }
    sum = add(sum, add(add(s0, s1), add(s2, s3)));
    squares = add(squares, add(add(q0, q1), add(q2, q3)));
  }
  v128.store(partial(index), sum);
  v128.store(partial(index), squares, 16);
}

/**
 * Computes the results of `measure` in float64, for a row whose squares overflow float32 (deviations of 1e18 and more). A row
 * with NaN or infinity still yields NaN.
 */
function measure_large(index: u32, x: usize, columns: u32, epsilon: f32): void {
  const end = x + (<usize>columns << 2), count = <f64>columns;
  let sum: f64 = 0, squares: f64 = 0;
  for (let at = x; at < end; at += 4) sum += <f64>load<f32>(at);
  const mean = sum / count;
  for (let at = x; at < end; at += 4) {
    const e = <f64>load<f32>(at) - mean;
    squares += e * e;
  }
  const r = <f64>1 / sqrt(squares / count + <f64>epsilon);
  const m = <f32>mean, place = known + (<usize>index << 2);
  store<f32>(place, m);
  store<f32>(place, <f32>r, 16);
  store<f32>(place, <f32>((<f64>m - mean) * r), 32);
}

/**
 * Computes `center` m, `factor` r and `correction` −d·r of `rows` (1 to 4) rows starting at x: x̂ = ((x − m) − d)·r.
 *
 * Deviations are taken from a value m near the mean, and their mean d is subtracted afterwards (Chan, Golub, LeVeque 1983), so
 * that rows far from 0 lose no precision. m is the mean of the first four elements, or the first element if there are fewer. If m
 * is so far off that d² makes up most of the mean square, the sums are recomputed from m + d. This is rare: once in thousands of
 * random rows. Lanes of absent rows hold arbitrary values; lanes do not influence each other.
 */
export function measure(x: usize, rows: u32, columns: u32, epsilon: f32): void {
  const row = <usize>columns << 2, share = splat(1 / <f32>columns);
  for (let k: u32 = 0, at = x; k < rows; k++, at += row) {
    const m = columns < 4 ? load<f32>(at) : sum_lanes(v128.load(at)) * 0.25;
    store<f32>(known + (<usize>k << 2), m);
  }
  let d: v128, square: v128;
  for (let again = false; ; again = true) {
    for (let k: u32 = 0, at = x; k < rows; k++, at += row) sum_deviations(k, at, columns);
    d = mul(sums(partial(0), 32), share);
    square = mul(sums(partial(0) + 16, 32), share);
    const far = f32x4.gt(mul(d, d), mul(square, splat(0.75)));
    if (again || !v128.any_true(far)) break;
    const m = v128.load(known);
    v128.store(known, select_lanes(far, add(m, d), m));
  }
  const variance = f32x4.max(sub(square, mul(d, d)), splat(0)); // NaN stays NaN
  const r = div(splat(1), f32x4.sqrt(add(variance, splat(epsilon))));
  v128.store(known, r, 16);
  v128.store(known, f32x4.neg(mul(d, r)), 32);
  if (i32x4.all_true(f32x4.gt(r, splat(0)))) return;
  for (let k: u32 = 0, at = x; k < rows; k++, at += row) {
    if (!(load<f32>(known + (<usize>k << 2), 16) > 0)) measure_large(k, at, columns, epsilon);
  }
}

/** x̂ of four elements, from the statistics of their row. */
@inline
export function standard(x: v128, m: v128, r: v128, c: v128): v128 {
  return fma(sub(x, m), r, c);
}
