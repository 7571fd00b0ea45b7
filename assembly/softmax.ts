// Softmax over rows, its logarithm, and the cross-entropy losses that take logits.
// Each row's largest element is subtracted first, so nothing overflows. −∞ is a logit like any other (probability 0); a row
// of −∞ only, or with +∞ or NaN in it, gives NaN.
//
// Bound by the exponentials, not by memory: 22 operations on a vector take 5.5 cycles at two multiply-adds a cycle, about 0.4 ns
// an element here, where a copy takes 0.1. Node 20, 1024², ns an element, plain / relaxed: softmax 1.25 / 0.90, its logarithm
// 1.3 / 0.96; by the general `exp` and a division 1.8, with the polynomial as one chain (Horner) 0.98 relaxed. Two
// exponentials a round gained 5 % for 180 bytes and were left out.
import { add, at_least, load_tail, max_lanes, mul, select_lanes, splat, store_tail, sub, sum_lanes } from './simd';
import { exp_share, log } from './math';
import { part_begin, part_end, take } from './share';

/** The largest of a row. NaN is passed over: its own term makes the sum NaN. */
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

/** 2^−64, by which a sum of shares is a sum of exponentials. */
const SHARE: f32 = 5.421010862427522e-20;

/**
 * 2⁶⁴·Σ e^(x − largest); with y ≠ 0 the terms are stored there. Sums of 256 terms are added to the total, so that a long row
 * does not drown its last terms.
 */
function sum_exp(x: usize, y: usize, columns: u32, largest: f32): f32 {
  const m = splat(largest);
  let total: f32 = 0;
  while (columns >= 4) {
    let sum = splat(0);
    let block = min<u32>(columns, 256) >> 2;
    columns -= block << 2;
    if (y == 0) {
      for (; block > 0; block--, x += 16) sum = add(sum, exp_share(sub(v128.load(x), m)));
    } else {
      for (; block > 0; block--, x += 16, y += 16) {
        const e = exp_share(sub(v128.load(x), m));
        v128.store(y, e);
        sum = add(sum, e);
      }
    }
    total += sum_lanes(sum);
  }
  if (columns > 0) {
    const e = exp_share(sub(load_tail(x, columns, -Infinity), m)); // the filler adds next to nothing
    if (y != 0) store_tail(y, e, columns);
    total += sum_lanes(e);
  }
  return total;
}

/** Nanoseconds, roughly: an exponential for each element, and what a row costs anyway. */
@inline
function row_work(rows: u32, columns: u32): f64 {
  return <f64>rows * (30 + <f64>columns);
}

/** ln Σ e^(x − largest) */
function log_sum(x: usize, columns: u32, largest: f32): f32 {
  return f32x4.extract_lane(log(splat(sum_exp(x, 0, columns, largest) * SHARE)), 0);
}

/**
 * word 0  x, f32[rows][columns]
 * word 1  y, f32[rows][columns]; may be x
 * word 2  rows
 * word 3  columns
 */
export function softmax(args: usize): void {
  const rows = load<u32>(args, 8), columns = load<u32>(args, 12);
  if (!take(rows, 1, row_work(rows, columns))) return;
  const skipped = <usize>part_begin * <usize>columns << 2;
  let x = load<usize>(args) + skipped, y = load<usize>(args, 4) + skipped;
  for (let i = part_begin; i < part_end; i++, x += <usize>columns << 2) {
    const factor = <f32>1 / sum_exp(x, y, columns, largest_of(x, columns));
    const f = splat(factor);
    let left = columns;
    for (; left >= 4; left -= 4, y += 16) v128.store(y, mul(v128.load(y), f));
    for (; left > 0; left--, y += 4) store<f32>(y, load<f32>(y) * factor);
  }
}

/** Words as for softmax. y = (x − largest) − ln Σ */
export function log_softmax(args: usize): void {
  const rows = load<u32>(args, 8), columns = load<u32>(args, 12);
  if (!take(rows, 1, row_work(rows, columns))) return;
  const skipped = <usize>part_begin * <usize>columns << 2;
  let x = load<usize>(args) + skipped, y = load<usize>(args, 4) + skipped;
  for (let i = part_begin; i < part_end; i++) {
    const largest = largest_of(x, columns);
    const logarithm = log_sum(x, columns, largest);
    const m = splat(largest), l = splat(logarithm);
    let left = columns;
    for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, sub(sub(v128.load(x), m), l));
    for (; left > 0; left--, x += 4, y += 4) store<f32>(y, load<f32>(x) - largest - logarithm);
  }
}

/** y·((largest − x) + logarithm), and 0 where y is 0, whatever the logit. */
@inline
function loss_terms(x: v128, y: v128, largest: v128, logarithm: v128): v128 {
  const term = f32x4.mul(y, add(sub(largest, x), logarithm));
  return select_lanes(f32x4.eq(y, splat(0)), splat(0), term);
}

/**
 * loss[i] = Σⱼ labels[i][j]·(ln Σ e^logits[i] − logits[i][j])
 * word 0  logits, f32[rows][columns]
 * word 1  labels, f32[rows][columns]: one-hot or probabilities
 * word 2  loss, f32[rows]
 * word 3  rows
 * word 4  columns
 */
export function softmax_cross_entropy(args: usize): void {
  const rows = load<u32>(args, 12), columns = load<u32>(args, 16);
  if (!take(rows, 1, row_work(rows, columns))) return;
  const skipped = <usize>part_begin * <usize>columns << 2;
  let x = load<usize>(args) + skipped, y = load<usize>(args, 4) + skipped;
  const loss = load<usize>(args, 8);
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

/**
 * loss[i] = ln Σ e^logits[i] − logits[i][labels[i]]; NaN for a label out of range
 * word 0  logits, f32[rows][columns]
 * word 1  labels, int32[rows]
 * word 2  loss, f32[rows]
 * word 3  rows
 * word 4  columns
 */
export function sparse_softmax_cross_entropy(args: usize): void {
  const rows = load<u32>(args, 12), columns = load<u32>(args, 16);
  if (!take(rows, 1, row_work(rows, columns))) return;
  let x = load<usize>(args) + (<usize>part_begin * <usize>columns << 2);
  const labels = load<usize>(args, 4), loss = load<usize>(args, 8);
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
