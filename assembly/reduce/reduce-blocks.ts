// Reductions over the middle axis of f32[outer][reduce][inner]. reduce.ts (sums and means, which every program needs) and
// reduce-more.ts (the others, in a separate module) inline this code; each compiles only the kinds that it uses.
//
// Summation is pairwise: blocks of at most 512 floats (or 64 rows) are summed into several accumulators, then halves are added to
// halves, so the error grows with the logarithm of the length. The order depends on the shape only.
import { ReduceKind } from '../constants';
import { add, fma, load_tail, max_lanes, min_lanes, splat, store_tail, sum_lanes } from '../simd';
import { Address } from '../words';


/** Types that distinguish the instances of a recursive generic function. */
export type Plain = i32;
export type Squared = f32;

@inline
function kind_of<K>(): u32 {
  return isFloat<K>() ? ReduceKind.sumOfSquares : ReduceKind.sum;
}

/** accumulator ∘ x. `kind` is a constant at every call site, so only one branch is compiled. */
@inline
function combine(kind: u32, accumulator: v128, x: v128): v128 {
  if (kind == ReduceKind.sum) return add(accumulator, x);
  if (kind == ReduceKind.sumOfSquares) return fma(x, x, accumulator);
  if (kind == ReduceKind.max) return f32x4.max(accumulator, x);
  return f32x4.min(accumulator, x);
}

/** Combines two partial results. Partial results of a sum of squares are combined by addition. */
@inline
function join(kind: u32, a: v128, b: v128): v128 {
  return combine(kind == ReduceKind.sumOfSquares ? ReduceKind.sum : kind, a, b);
}

@inline
function neutral(kind: u32): f32 {
  return kind == ReduceKind.max ? -Infinity : kind == ReduceKind.min ? Infinity : 0;
}

/** Reduces a contiguous run with eight accumulators. */
@inline
export function run_block(kind: u32, x: usize, count: u32): f32 {
  let a0 = splat(neutral(kind)), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
  const many = count >= 32;
  for (; count >= 32; count -= 32, x += 128) {
    a0 = combine(kind, a0, v128.load(x));
    a1 = combine(kind, a1, v128.load(x, 16));
    a2 = combine(kind, a2, v128.load(x, 32));
    a3 = combine(kind, a3, v128.load(x, 48));
    a4 = combine(kind, a4, v128.load(x, 64));
    a5 = combine(kind, a5, v128.load(x, 80));
    a6 = combine(kind, a6, v128.load(x, 96));
    a7 = combine(kind, a7, v128.load(x, 112));
  }
  for (; count >= 4; count -= 4, x += 16) a0 = combine(kind, a0, v128.load(x));
  if (count > 0) a1 = combine(kind, a1, load_tail(x, count, neutral(kind)));
  if (many) {
    a0 = join(kind, join(kind, a0, a4), join(kind, a2, a6));
    a1 = join(kind, join(kind, a1, a5), join(kind, a3, a7));
  }
  a0 = join(kind, a0, a1);
  return kind == ReduceKind.max ? max_lanes(a0) : kind == ReduceKind.min ? min_lanes(a0) : sum_lanes(a0);
}

/** Pairwise sum of a contiguous run, or of its squares. */
export function sum_run<K>(x: usize, count: u32): f32 {
  if (count <= 512) return run_block(kind_of<K>(), x, count);
  const half = (count >> 1) & ~31;
  return sum_run<K>(x, half) + sum_run<K>(x + (<usize>half << 2), count - half);
}

/** y[16] = reduction of 16 columns over `rows` rows that are `stride` bytes apart. */
@inline
function sixteen_columns(kind: u32, x: usize, rows: u32, stride: usize, y: usize): void {
  let a0 = splat(neutral(kind)), a1 = a0, a2 = a0, a3 = a0;
  for (; rows > 0; rows--, x += stride) {
    a0 = combine(kind, a0, v128.load(x));
    a1 = combine(kind, a1, v128.load(x, 16));
    a2 = combine(kind, a2, v128.load(x, 32));
    a3 = combine(kind, a3, v128.load(x, 48));
  }
  v128.store(y, a0);
  v128.store(y, a1, 16);
  v128.store(y, a2, 32);
  v128.store(y, a3, 48);
}

/** The same for y[width] with width 1 to 4. Writes at most `width` floats. */
@inline
function few_columns(kind: u32, x: usize, rows: u32, stride: usize, y: usize, width: u32): void {
  let a0 = splat(neutral(kind)), a1 = a0;
  if (width == 4) {
    for (; rows > 1; rows -= 2, x += stride << 1) {
      a0 = combine(kind, a0, v128.load(x));
      a1 = combine(kind, a1, v128.load(x + stride));
    }
    if (rows > 0) a0 = combine(kind, a0, v128.load(x));
    v128.store(y, join(kind, a0, a1));
    return;
  }
  for (; rows > 0; rows--, x += stride) a0 = combine(kind, a0, load_tail(x, width, 0));
  store_tail(y, a0, width);
}

@inline
export function columns_block(kind: u32, x: usize, rows: u32, stride: usize, y: usize, width: u32): void {
  if (width == 16) sixteen_columns(kind, x, rows, stride, y);
  else few_columns(kind, x, rows, stride, y, width);
}

/**
 * y[width] = sums of columns, width 16 or 1 to 4. The upper halves of more than 64 rows use slots of 64 bytes, starting at
 * `slot`.
 */
export function sum_columns<K>(x: usize, rows: u32, stride: usize, y: usize, width: u32, slot: usize): void {
  if (rows <= 64) {
    columns_block(kind_of<K>(), x, rows, stride, y, width);
    return;
  }
  const half = rows >> 1;
  sum_columns<K>(x, half, stride, y, width, slot);
  sum_columns<K>(x + <usize>half * stride, rows - half, stride, slot, width, slot + 64);
  if (width >= 4) {
    for (let j: usize = 0; j < width << 2; j += 16) v128.store(y + j, add(v128.load(y + j), v128.load(slot + j)));
  } else {
    store_tail(y, add(load_tail(y, width, 0), load_tail(slot, width, 0)), width);
  }
}

/** The words of `reduce` and `reduce_more`. */
@unmanaged
export class ReduceWords {
  /** f32[outer][reduce][inner] */
  x: Address;
  /** f32[outer][inner] */
  y: Address;
  /** Product of the sizes of the axes before the reduced ones. */
  outer: u32;
  /** Product of the sizes of the reduced axes. If it is 0, the result is 0; NaN for the mean, −∞ for max, +∞ for min. */
  reduce: u32;
  /** Product of the sizes of the axes after the reduced ones. */
  inner: u32;
  /** A ReduceKind. */
  kind: u32;
}

/** Number of pieces that threads split: runs if inner is 1, otherwise pieces of 16 columns, numbered across all of outer. */
@inline
export function pieces_of(words: ReduceWords): u32 {
  return words.outer * ((words.inner + 15) >> 4);
}

/** Estimated time of all pieces in nanoseconds. */
@inline
export function pieces_work(words: ReduceWords): f64 {
  const rows = words.reduce, inner = words.inner;
  return <f64>pieces_of(words) * (20 + 0.15 * <f64>rows * min<f64>(<f64>inner, 16));
}

/**
 * Reduces pieces `first` … `last`. `more` selects all kinds except sum and mean, and is a constant at every call site. `slots` is
 * scratch memory for the sums of halves.
 */
@inline
export function reduce_pieces(more: bool, words: ReduceWords, first: u32, last: u32, slots: usize): void {
  const rows = words.reduce, inner = words.inner, kind = words.kind;
  const x = words.x, y = words.y;
  const stride = <usize>inner << 2, pieces = (inner + 15) >> 4;
  for (let piece = first; piece < last; piece++) {
    const o = piece / pieces;
    const from = x + <usize>o * <usize>rows * stride, to = y + <usize>o * stride;
    if (inner == 1) {
      let v: f32;
      if (!more) v = sum_run<Plain>(from, rows);
      else if (kind == ReduceKind.max) v = run_block(ReduceKind.max, from, rows);
      else if (kind == ReduceKind.min) v = run_block(ReduceKind.min, from, rows);
      else v = sum_run<Squared>(from, rows);
      store<f32>(to, !more && kind == ReduceKind.mean ? v / <f32>rows : v);
      continue;
    }
    const start = (piece - o * pieces) << 4;
    const stop = min(start + 16, inner);
    for (let j = start; j < stop; ) {
      const left = stop - j;
      const width: u32 = left == 16 ? 16 : min<u32>(left, 4);
      const at = <usize>j << 2;
      if (!more) sum_columns<Plain>(from + at, rows, stride, to + at, width, slots);
      else if (kind == ReduceKind.max) columns_block(ReduceKind.max, from + at, rows, stride, to + at, width);
      else if (kind == ReduceKind.min) columns_block(ReduceKind.min, from + at, rows, stride, to + at, width);
      else sum_columns<Squared>(from + at, rows, stride, to + at, width, slots);
      if (!more && kind == ReduceKind.mean) {
        for (let d = to + at, end = d + (<usize>width << 2); d < end; d += 4) store<f32>(d, load<f32>(d) / <f32>rows);
      }
      j += width;
    }
  }
}
