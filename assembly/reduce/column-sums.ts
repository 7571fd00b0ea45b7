// Sums of h and h·e over the rows of a matrix: the column statistics for batch normalization (Ioffe, Szegedy 2015) and its
// gradient. Rows are processed four at a time over all columns, so that memory is read sequentially and the sums of a part stay
// in the L1 cache. 4096 × 256 takes 0.14 ms for moments and 0.27 ms for products: 30 GB/s, the same as `reduce` on such a matrix.
// Each row is added to the previous sum in order, whether it is processed alone or in a group of four, so trailing rows of weight
// 0 do not change any bit.
import { part_begin, part_end, take } from '../runtime/part';
import { add, fma, load_tail, mul, splat, store_tail, sub } from '../simd';
import { Address } from '../words';

/** h of four elements of a row: e times the weight of the row for moments, otherwise the elements at h. */
@inline
function value_of(moments: bool, e: v128, h: usize, weight: v128): v128 {
  return moments ? mul(e, weight) : v128.load(h);
}

@inline
function weight_of(moments: bool, h: usize): v128 {
  return moments ? v128.load_splat<f32>(h) : splat(0);
}

/** sums += h and products += h·e over four rows that are `stride` bytes apart, for full vectors. */
@inline
function add_four(moments: bool, x: usize, h: usize, center: usize, sums: usize, products: usize, columns: u32, stride: usize): void {
  const next = moments ? 4 : stride;
  const w0 = weight_of(moments, h), w1 = weight_of(moments, h + next);
  const w2 = weight_of(moments, h + 2 * next), w3 = weight_of(moments, h + 3 * next);
  let x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride, g1 = h + stride, g2 = g1 + stride, g3 = g2 + stride;
  for (; columns >= 4; columns -= 4) {
    const c = v128.load(center);
    const e0 = sub(v128.load(x), c), e1 = sub(v128.load(x1), c), e2 = sub(v128.load(x2), c), e3 = sub(v128.load(x3), c);
    const h0 = value_of(moments, e0, h, w0), h1 = value_of(moments, e1, g1, w1);
    const h2 = value_of(moments, e2, g2, w2), h3 = value_of(moments, e3, g3, w3);
    v128.store(sums, add(add(add(add(v128.load(sums), h0), h1), h2), h3));
    v128.store(products, fma(h3, e3, fma(h2, e2, fma(h1, e1, fma(h0, e0, v128.load(products))))));
    x += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
    if (!moments) {
      h += 16;
      g1 += 16;
      g2 += 16;
      g3 += 16;
    }
    center += 16;
    sums += 16;
    products += 16;
  }
}

/** The same over the `columns` columns of one row. */
@inline
function add_one(moments: bool, x: usize, h: usize, center: usize, sums: usize, products: usize, columns: u32): void {
  const weight = weight_of(moments, h);
  for (; columns >= 4; columns -= 4) {
    const e = sub(v128.load(x), v128.load(center)), value = value_of(moments, e, h, weight);
    v128.store(sums, add(v128.load(sums), value));
    v128.store(products, fma(value, e, v128.load(products)));
    x += 16;
    if (!moments) h += 16;
    center += 16;
    sums += 16;
    products += 16;
  }
  if (columns > 0) {
    const e = sub(load_tail(x, columns, 0), load_tail(center, columns, 0));
    const value = moments ? mul(e, weight) : load_tail(h, columns, 0);
    store_tail(sums, add(load_tail(sums, columns, 0), value), columns);
    store_tail(products, fma(value, e, load_tail(products, columns, 0)), columns);
  }
}

/** The words of both kernels. */
@unmanaged
export class ColumnSumsWords {
  /** f32[rows][columns] */
  x: Address;
  /** f32[columns] */
  center: Address;
  /** f32[rows] for moments; for products, h itself: f32[rows][columns]. */
  weights: Address;
  /** f32[parts][columns]: Σ h. */
  sums: Address;
  /** f32[parts][columns]: Σ h·e. */
  products: Address;
  /** Rows of x. */
  rows: u32;
  /** Columns of x. */
  columns: u32;
  /** Number of parts into which the rows are split. */
  parts: u32;
  /** Rows per part; the last part has the remainder. */
  partRows: u32;
}

/** Parts have a fixed number of rows, so the order of summation does not depend on the number of threads. */
@inline
function add_parts(moments: bool, words: ColumnSumsWords): void {
  const rows = words.rows, columns = words.columns, parts = words.parts, length = words.partRows;
  if (!take(parts, 1, <f64>rows * (4 + (moments ? 0.13 : 0.25) * <f64>columns))) return;
  const x = words.x, center = words.center, h = words.weights;
  const stride = <usize>columns << 2, next: usize = moments ? 4 : stride;
  const tail = columns & 3, whole = columns - tail, behind = <usize>whole << 2;
  for (let part = part_begin; part < part_end; part++) {
    const sums = words.sums + part * stride, products = words.products + part * stride;
    memory.fill(sums, 0, stride);
    memory.fill(products, 0, stride);
    const stop = min(rows, (part + 1) * length);
    for (let row = part * length; row < stop; ) {
      const count: u32 = stop - row >= 4 ? 4 : 1;
      if (count == 4) add_four(moments, x + row * stride, h + row * next, center, sums, products, whole, stride);
      // The remainder: the last rows, and the last columns of a group of four rows.
      const from = count == 4 ? whole : 0, at = <usize>from << 2;
      if (from < columns) {
        for (let k = row; k < row + count; k++) {
          const own = h + k * next + (moments ? 0 : at);
          add_one(moments, x + k * stride + at, own, center + at, sums + at, products + at, columns - from);
        }
      }
      row += count;
    }
  }
}

/** Σ h and Σ h·e over the rows of each part, where e = x − center and h = weight·e. */
export function column_moments(words: ColumnSumsWords): void {
  add_parts(true, words);
}

/** The same with h given. */
export function column_products(words: ColumnSumsWords): void {
  add_parts(false, words);
}
