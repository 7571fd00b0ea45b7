// Softmax and log-softmax over rows, and the cross-entropy losses that take logits.
// The largest element of each row is subtracted first, so nothing overflows. −∞ is a valid logit (probability 0). A row that
// consists only of −∞, or that contains +∞ or NaN, yields NaN.
//
// Softmax is bound by arithmetic, not by memory: an exponential takes 16 operations on a vector, 9 of them on the two
// multiply-add units, and a row is traversed two more times. Chromium 147 with relaxed SIMD, one core of an AMD EPYC, 64 × 1024,
// ns per element (`npm run bench -- elementwise --browser`): softmax 0.67, log-softmax 0.73. Variants that were slower: constants
// read in the loop (V8 does not hoist them) and a polynomial of one degree more, 0.83; a branch for the tail in the loop, 0.77;
// the general `exp` and a division, 1.8.
import {
  add, at_least, constant, fma, load_tail, max_lanes, mul, select_lanes, splat, store_tail, sub, sum_lanes,
} from '../simd';
import { log } from '../elementwise/math';
import { part_begin, part_end, take } from '../runtime/share';
import { table } from '../runtime/workspace';
import { Address } from '../words';

/** The largest element of a row. NaN is ignored here: its own term makes the sum NaN. */
function largest_of(x: usize, columns: u32): f32 {
  let a0 = splat(-Infinity), a1 = a0, a2 = a0, a3 = a0;
  for (; columns >= 16; columns -= 16, x += 64) {
    a0 = at_least(a0, v128.load(x));
    a1 = at_least(a1, v128.load(x, 16));
    a2 = at_least(a2, v128.load(x, 32));
    a3 = at_least(a3, v128.load(x, 48));
  }
  for (; columns >= 4; columns -= 4, x += 16) a0 = at_least(a0, v128.load(x));
  if (columns > 0) a1 = at_least(a1, load_tail(x, columns, -Infinity));
  return max_lanes(at_least(at_least(a0, a1), at_least(a2, a3)));
}

const EXP: usize = memory.data<f32>([
  -131, // 0: below it 2⁶⁴·e^x would be subnormal
  1.4426950408889634, // 1: 1 / ln 2
  12582976, // 2: 1.5·2²³ + 64
  -0.693359375, // 3: −ln 2, the first 9 bits, so that the product with an exponent is exact
  2.1219444005469058e-4, // 4: −ln 2, the remaining bits
  // 5–9: (e^r − 1 − r)/r² for |r| ≤ 0.35, highest power first; 2^−28 of e^r (fitted like those of math.ts)
  1.3814527774229646e-3, 8.368751034140587e-3, 4.166839271783829e-2, 0.1666651964187622, 0.4999999403953552,
  1, // 10
]);

/** 2^−64: converts the sum of scaled terms to a sum of exponentials. */
const SHARE: f32 = 5.421010862427522e-20;

/**
 * 2⁶⁴·e^(x − largest). The constants of EXP are parameters because V8 does not hoist them into registers: the caller reads them
 * before its loop. The factor 2⁶⁴ keeps terms from becoming subnormal before the division, and adding to the exponent applies it.
 * Below −131 the term is 2⁶⁴·e^−131, which is negligible next to the term of the largest element. With or without fused
 * multiply-adds, the softmax of two elements is within 2.5 ULP.
 */
@inline
function term(
  x: v128, largest: v128, least: v128, per_ln2: v128, rounding: v128, ln2_high: v128, ln2_low: v128,
  p4: v128, p3: v128, p2: v128, p1: v128, p0: v128, one: v128,
): v128 {
  const d = at_least(sub(x, largest), least);
  const rounded = fma(d, per_ln2, rounding);
  const n = sub(rounded, rounding);
  const r = fma(n, ln2_low, fma(n, ln2_high, d));
  const square = mul(r, r);
  const q = fma(fma(p4, square, fma(p3, r, p2)), square, fma(p1, r, p0));
  // The low nine bits of `rounded` equal those of n + 64.
  return i32x4.add(add(fma(q, square, r), one), i32x4.shl(rounded, 23));
}

/**
 * Σ of the terms of a row. The terms are stored at y; with step 0 they all go to the same scratch address. Sums of 256 terms are
 * added to the total, so that the last terms of a long row do not lose their precision.
 */
function sum_exp(x: usize, y: usize, step: usize, columns: u32, largest: f32): f32 {
  const m = splat(largest), least = constant(EXP, 0);
  const per_ln2 = constant(EXP, 1), rounding = constant(EXP, 2), ln2_high = constant(EXP, 3), ln2_low = constant(EXP, 4);
  const p4 = constant(EXP, 5), p3 = constant(EXP, 6), p2 = constant(EXP, 7), p1 = constant(EXP, 8), p0 = constant(EXP, 9);
  const one = constant(EXP, 10);
  let total: f32 = 0;
  while (columns >= 4) {
    let sum = splat(0);
    const block = min<u32>(columns, 256) & ~3;
    columns -= block;
    for (const end = x + (<usize>block << 2); x != end; x += 16, y += step) {
      const e = term(v128.load(x), m, least, per_ln2, rounding, ln2_high, ln2_low, p4, p3, p2, p1, p0, one);
      v128.store(y, e);
      sum = add(sum, e);
    }
    total += sum_lanes(sum);
  }
  if (columns > 0) {
    const last = load_tail(x, columns, -Infinity); // the contribution of the filler is negligible
    const e = term(last, m, least, per_ln2, rounding, ln2_high, ln2_low, p4, p3, p2, p1, p0, one);
    store_tail(y, e, columns);
    total += sum_lanes(e);
  }
  return total;
}

/** Estimated time in nanoseconds: one exponential per element, and a fixed cost per row. */
@inline
function row_work(rows: u32, columns: u32): f64 {
  return <f64>rows * (30 + <f64>columns);
}

/** ln Σ e^(x − largest) */
function log_sum(x: usize, columns: u32, largest: f32): f32 {
  return f32x4.extract_lane(log(splat(sum_exp(x, table(), 0, columns, largest) * SHARE)), 0);
}

/** The words of `softmax` and `log_softmax`. */
@unmanaged
export class SoftmaxWords {
  /** f32[rows][columns] */
  x: Address;
  /** f32[rows][columns]; may be x. */
  y: Address;
  /** Rows of x. */
  rows: u32;
  /** Columns of x. */
  columns: u32;
}

export function softmax(words: SoftmaxWords): void {
  const rows = words.rows, columns = words.columns;
  if (!take(rows, 1, row_work(rows, columns))) return;
  const skipped = <usize>part_begin * <usize>columns << 2;
  let x = words.x + skipped, y = words.y + skipped;
  for (let i = part_begin; i < part_end; i++, x += <usize>columns << 2) {
    const factor = <f32>1 / sum_exp(x, y, 16, columns, largest_of(x, columns));
    const f = splat(factor);
    let left = columns;
    for (; left >= 16; left -= 16, y += 64) {
      v128.store(y, mul(v128.load(y), f));
      v128.store(y, mul(v128.load(y, 16), f), 16);
      v128.store(y, mul(v128.load(y, 32), f), 32);
      v128.store(y, mul(v128.load(y, 48), f), 48);
    }
    for (; left >= 4; left -= 4, y += 16) v128.store(y, mul(v128.load(y), f));
    for (; left > 0; left--, y += 4) store<f32>(y, load<f32>(y) * factor);
  }
}

/** Takes the same words as softmax. y = (x − largest) − ln Σ */
export function log_softmax(words: SoftmaxWords): void {
  const rows = words.rows, columns = words.columns;
  if (!take(rows, 1, row_work(rows, columns))) return;
  const skipped = <usize>part_begin * <usize>columns << 2;
  let x = words.x + skipped, y = words.y + skipped;
  for (let i = part_begin; i < part_end; i++) {
    const largest = largest_of(x, columns);
    const logarithm = log_sum(x, columns, largest);
    const m = splat(largest), l = splat(logarithm);
    let left = columns;
    for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, sub(sub(v128.load(x), m), l));
    for (; left > 0; left--, x += 4, y += 4) store<f32>(y, load<f32>(x) - largest - logarithm);
  }
}

/** y·((largest − x) + logarithm); 0 where y is 0, for any logit. */
@inline
function loss_terms(x: v128, y: v128, largest: v128, logarithm: v128): v128 {
  const term = f32x4.mul(y, add(sub(largest, x), logarithm));
  return select_lanes(f32x4.eq(y, splat(0)), splat(0), term);
}

/** The words of both cross-entropy losses. */
@unmanaged
export class CrossEntropyWords {
  /** f32[rows][columns] */
  logits: Address;
  /** f32[rows][columns], one-hot or probabilities; for sparse labels int32[rows] */
  labels: Address;
  /** f32[rows] */
  loss: Address;
  /** Rows of the logits. */
  rows: u32;
  /** Columns of the logits. */
  columns: u32;
}

/** loss[i] = Σⱼ labels[i][j]·(ln Σ e^logits[i] − logits[i][j]) */
export function softmax_cross_entropy(words: CrossEntropyWords): void {
  const rows = words.rows, columns = words.columns;
  if (!take(rows, 1, row_work(rows, columns))) return;
  const skipped = <usize>part_begin * <usize>columns << 2;
  let x = words.logits + skipped, y = words.labels + skipped;
  const loss = words.loss;
  for (let i = part_begin; i < part_end; i++) {
    const largest = largest_of(x, columns);
    const l = splat(log_sum(x, columns, largest));
    const m = splat(largest);
    let total: f32 = 0, left = columns;
    while (left >= 4) {
      let sum = splat(0);
      let block = min<u32>(left, 256) >> 2;
      left -= block << 2;
      for (; block > 0; block--, x += 16, y += 16) sum = add(sum, loss_terms(v128.load(x), v128.load(y), m, l));
      total += sum_lanes(sum);
    }
    if (left > 0) {
      total += sum_lanes(loss_terms(load_tail(x, left, 0), load_tail(y, left, 0), m, l));
      x += <usize>left << 2;
      y += <usize>left << 2;
    }
    store<f32>(loss + (<usize>i << 2), total);
  }
}

/** loss[i] = ln Σ e^logits[i] − logits[i][labels[i]]; NaN for an out-of-range label. */
export function sparse_softmax_cross_entropy(words: CrossEntropyWords): void {
  const rows = words.rows, columns = words.columns;
  if (!take(rows, 1, row_work(rows, columns))) return;
  let x = words.logits + (<usize>part_begin * <usize>columns << 2);
  const labels = words.labels, loss = words.loss;
  for (let i = part_begin; i < part_end; i++, x += <usize>columns << 2) {
    const label = load<u32>(labels + (<usize>i << 2));
    let value: f32 = NaN;
    if (label < columns) {
      const largest = largest_of(x, columns);
      value = largest - load<f32>(x + (<usize>label << 2)) + log_sum(x, columns, largest);
    }
    store<f32>(loss + (<usize>i << 2), value);
  }
}
