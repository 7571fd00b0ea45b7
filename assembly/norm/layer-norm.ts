// Layer normalization over rows (Ba, Kiros, Hinton 2016), and its gradients. A row is read from memory once; later passes find it
// in the cache. Throughput (bytes read and written, 64 MiB, one thread) relative to memory.copy (28 GB/s): forward 0.65 to 0.9 at
// 256 to 1000 columns; 0.45 to 0.6 at 64 and 0.2 at 16 columns, bound by arithmetic; 0.4 from 4096 columns on, where a row with
// scale and offset no longer fits into the L1 cache. The gradients reach a tenth less. As an op for x̂ followed by a chain for
// scale and offset, it takes twice as long.
import { center, correction, factor, find_workspace, measure, rows_at_once, standard } from './layer-norm-rows';
import { part_begin, part_end, take } from '../runtime/part';
import { add, fma, load_tail, mul, splat, store_tail, sub, sum_lanes } from '../simd';
import { Address } from '../words';

/** Estimated time in nanoseconds. */
@inline
function row_work(rows: u32, columns: u32): f64 {
  return <f64>rows * (10 + 0.3 * <f64>columns);
}

@inline
function scaled(x: usize, scale: usize, offset: usize, m: v128, r: v128, c: v128): v128 {
  return fma(standard(v128.load(x), m, r, c), v128.load(scale), v128.load(offset));
}

/** y = x̂·scale + offset of one row, given m, r and c. */
function write_row(x: usize, scale: usize, offset: usize, y: usize, columns: u32, m: v128, r: v128, c: v128): void {
  for (; columns >= 16; columns -= 16, x += 64, y += 64, scale += 64, offset += 64) {
    v128.store(y, scaled(x, scale, offset, m, r, c));
    v128.store(y, scaled(x + 16, scale + 16, offset + 16, m, r, c), 16);
    v128.store(y, scaled(x + 32, scale + 32, offset + 32, m, r, c), 32);
    v128.store(y, scaled(x + 48, scale + 48, offset + 48, m, r, c), 48);
  }
  for (; columns >= 4; columns -= 4, x += 16, y += 16, scale += 16, offset += 16) {
    v128.store(y, scaled(x, scale, offset, m, r, c));
  }
  if (columns > 0) {
    const value = standard(load_tail(x, columns, 0), m, r, c);
    store_tail(y, fma(value, load_tail(scale, columns, 0), load_tail(offset, columns, 0)), columns);
  }
}

/** The words of `layer_norm`. */
@unmanaged
export class LayerNormWords {
  /** f32[rows][columns] */
  x: Address;
  /** f32[columns] */
  scale: Address;
  /** f32[columns] */
  offset: Address;
  /** f32[rows][columns] */
  y: Address;
  /** Rows of x. */
  rows: u32;
  /** Columns of x. */
  columns: u32;
  /** Added to the variance. */
  epsilon: f32;
}

/** y = x̂·scale + offset, where x̂ = (x − mean) / √(variance + ε) */
export function layer_norm(words: LayerNormWords): void {
  const rows = words.rows, columns = words.columns, epsilon = words.epsilon;
  if (!take(rows, 4, row_work(rows, columns))) return;
  find_workspace();
  const row = <usize>columns << 2, scale = words.scale, offset = words.offset;
  let x = words.x + part_begin * row, y = words.y + part_begin * row;
  for (let i = part_begin; i < part_end; ) {
    const count = min<u32>(rows_at_once(columns), part_end - i);
    i += count;
    measure(x, count, columns, epsilon);
    for (let k: u32 = 0; k < count; k++, x += row, y += row) {
      write_row(x, scale, offset, y, columns, center(k), factor(k), correction(k));
    }
  }
}

/** dx = r·(h − mean(h) − x̂·mean(h·x̂)) of one row, where h = g·scale. Sums of 512 terms are added to the total. */
function write_gradient(x: usize, scale: usize, g: usize, y: usize, columns: u32, m: v128, r: v128, c: v128): void {
  const tail = columns & 3, length = <usize>(columns - tail) << 2;
  let sum: f32 = 0, product: f32 = 0;
  for (let at: usize = 0; at < length; ) {
    const stop = min<usize>(at + 2048, length);
    let s0 = splat(0), s1 = s0, p0 = s0, p1 = s0;
    for (; at + 32 <= stop; at += 32) {
      const h0 = mul(v128.load(g + at), v128.load(scale + at));
      const h1 = mul(v128.load(g + at, 16), v128.load(scale + at, 16));
      s0 = add(s0, h0);
      s1 = add(s1, h1);
      p0 = fma(h0, standard(v128.load(x + at), m, r, c), p0);
      p1 = fma(h1, standard(v128.load(x + at, 16), m, r, c), p1);
    }
    if (at < stop) {
      const h = mul(v128.load(g + at), v128.load(scale + at));
      s0 = add(s0, h);
      p0 = fma(h, standard(v128.load(x + at), m, r, c), p0);
      at += 16;
    }
    sum += sum_lanes(add(s0, s1));
    product += sum_lanes(add(p0, p1));
  }
  let last = splat(0), last_standard = last;
  if (tail > 0) {
    last = mul(load_tail(g + length, tail, 0), load_tail(scale + length, tail, 0));
    last_standard = standard(load_tail(x + length, tail, 0), m, r, c);
    sum += sum_lanes(last);
    product += sum_lanes(mul(last, last_standard));
  }
  const a = splat(sum / <f32>columns), b = splat(product / <f32>columns);
  for (let at: usize = 0; at < length; at += 16) {
    const h = mul(v128.load(g + at), v128.load(scale + at));
    v128.store(y + at, mul(r, sub(sub(h, a), mul(standard(v128.load(x + at), m, r, c), b))));
  }
  if (tail > 0) store_tail(y + length, mul(r, sub(sub(last, a), mul(last_standard, b))), tail);
}

/** The words of `layer_norm_gradient`. */
@unmanaged
export class LayerNormGradientWords {
  /** f32[rows][columns] */
  x: Address;
  /** f32[columns] */
  scale: Address;
  /** f32[rows][columns]: the gradient with respect to y. */
  upstream: Address;
  /** f32[rows][columns] */
  dx: Address;
  /** Rows of x. */
  rows: u32;
  /** Columns of x. */
  columns: u32;
  /** Added to the variance. */
  epsilon: f32;
}

/** The gradient with respect to x. */
export function layer_norm_gradient(words: LayerNormGradientWords): void {
  const rows = words.rows, columns = words.columns, epsilon = words.epsilon;
  if (!take(rows, 4, 2 * row_work(rows, columns))) return;
  find_workspace();
  const row = <usize>columns << 2, scale = words.scale, skipped = part_begin * row;
  let x = words.x + skipped, g = words.upstream + skipped, y = words.dx + skipped;
  for (let i = part_begin; i < part_end; ) {
    const count = min<u32>(rows_at_once(columns), part_end - i);
    i += count;
    measure(x, count, columns, epsilon);
    for (let k: u32 = 0; k < count; k++, x += row, g += row, y += row) {
      write_gradient(x, scale, g, y, columns, center(k), factor(k), correction(k));
    }
  }
}

/** scales += g·x̂ and offsets += g for one row. */
function add_row(x: usize, g: usize, scales: usize, offsets: usize, columns: u32, m: v128, r: v128, c: v128): void {
  for (; columns >= 4; columns -= 4, x += 16, g += 16, scales += 16, offsets += 16) {
    const slope = v128.load(g);
    v128.store(scales, fma(slope, standard(v128.load(x), m, r, c), v128.load(scales)));
    v128.store(offsets, add(slope, v128.load(offsets)));
  }
  if (columns > 0) {
    const slope = load_tail(g, columns, 0), value = standard(load_tail(x, columns, 0), m, r, c);
    store_tail(scales, fma(slope, value, load_tail(scales, columns, 0)), columns);
    store_tail(offsets, add(slope, load_tail(offsets, columns, 0)), columns);
  }
}

/** The words of `layer_norm_sums`. */
@unmanaged
export class LayerNormSumsWords {
  /** f32[rows][columns] */
  x: Address;
  /** f32[rows][columns]: the gradient with respect to y. */
  upstream: Address;
  /** f32[parts][2][columns] */
  sums: Address;
  /** Rows of x. */
  rows: u32;
  /** Columns of x. */
  columns: u32;
  /** Rows per part, a multiple of 4. The last part may have fewer. */
  partRows: u32;
  /** Added to the variance. */
  epsilon: f32;
}

/**
 * y[part] = (Σ g·x̂, Σ g) over the rows of each part. The sums over all parts are the gradients with respect to scale and offset.
 * Parts have a fixed number of rows, so the order of summation does not depend on the number of threads.
 */
export function layer_norm_sums(words: LayerNormSumsWords): void {
  const rows = words.rows, columns = words.columns, part_rows = words.partRows;
  const epsilon = words.epsilon;
  if (!take((rows + part_rows - 1) / part_rows, 1, 1.5 * row_work(rows, columns))) return;
  find_workspace();
  const row = <usize>columns << 2, skipped = part_begin * part_rows * row;
  let x = words.x + skipped, g = words.upstream + skipped;
  let y = words.sums + 2 * part_begin * row;
  for (let part = part_begin; part < part_end; part++, y += 2 * row) {
    memory.fill(y, 0, 2 * row);
    const stop = min(rows, (part + 1) * part_rows);
    for (let i = part * part_rows; i < stop; ) {
      const count = min<u32>(rows_at_once(columns), stop - i);
      i += count;
      measure(x, count, columns, epsilon);
      for (let k: u32 = 0; k < count; k++, x += row, g += row) {
        add_row(x, g, y, y + row, columns, center(k), factor(k), correction(k));
      }
    }
  }
}
