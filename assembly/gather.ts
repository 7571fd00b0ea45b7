// Rows by index: gather from a table, the batches of a data set that lies in linear memory, and their way back.
// A cursor is one int32, the position of the batch's first sample; a program advances it by the batch with `increment`.
import { part_begin, part_end, take } from './share';
import { add, mul, splat } from './simd';

const FLOAT32: u32 = 0;
const INT32: u32 = 1;

/** out[i] = x[i]·scale + offset, in two roundings whatever the binary; int32 elements are copied as they are. */
function load_row(out: usize, x: usize, length: u32, dtype: u32, scale: f32, offset: f32): void {
  const s = splat(scale), o = splat(offset);
  if (dtype == INT32 || (dtype == FLOAT32 && scale == 1 && offset == 0)) {
    for (; length >= 4; length -= 4, x += 16, out += 16) v128.store(out, v128.load(x));
    for (; length > 0; length--, x += 4, out += 4) store<u32>(out, load<u32>(x));
  } else if (dtype == FLOAT32) {
    for (; length >= 4; length -= 4, x += 16, out += 16) v128.store(out, add(mul(v128.load(x), s), o));
    for (; length > 0; length--, x += 4, out += 4) store<f32>(out, load<f32>(x) * scale + offset);
  } else {
    for (; length >= 4; length -= 4, x += 4, out += 16) {
      const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x)));
      v128.store(out, add(mul(f32x4.convert_i32x4_s(words), s), o));
    }
    for (; length > 0; length--, x++, out += 4) store<f32>(out, <f32>load<u8>(x) * scale + offset);
  }
}

@inline
function row_bytes(length: u32, dtype: u32): usize {
  return dtype <= INT32 ? <usize>length << 2 : <usize>length;
}

@inline
function zero_row(out: usize, length: u32): void {
  memory.fill(out, 0, <usize>length << 2);
}

/** Nanoseconds, roughly: rows from anywhere in memory. */
@inline
function row_work(rows: u32, length: u32): f64 {
  return <f64>rows * (20 + 0.3 * <f64>length);
}

/**
 * out[i] = table[indices[i]]·scale + offset; an index out of range gives zeros.
 * word 0  table, [tableRows][rowLength]
 * word 1  indices, int32[count]
 * word 2  out, f32[count][rowLength], int32 for an int32 table
 * word 3  count
 * word 4  rowLength
 * word 5  tableRows
 * word 6  dtype of the table: 0 float32, 1 int32, 2 uint8
 * word 7  scale, f32; not used for int32
 * word 8  offset, f32; not used for int32
 */
export function gather(args: usize): void {
  const table = load<usize>(args), indices = load<usize>(args, 4);
  const count = load<u32>(args, 12), length = load<u32>(args, 16), rows = load<u32>(args, 20), dtype = load<u32>(args, 24);
  if (!take(count, 1, row_work(count, length))) return;
  const scale = load<f32>(args, 28), offset = load<f32>(args, 32);
  const bytes = row_bytes(length, dtype);
  let out = load<usize>(args, 8) + (<usize>part_begin * <usize>length << 2);
  for (let i = part_begin; i < part_end; i++, out += <usize>length << 2) {
    const index = load<u32>(indices + (<usize>i << 2));
    if (index < rows) load_row(out, table + <usize>index * bytes, length, dtype, scale, offset);
    else zero_row(out, length);
  }
}

/**
 * out[r] = table[permutation[p]]·scale + offset with p = cursor[0] + r; zeros where p ≥ samples.
 * word 0   table, [samples][rowLength]
 * word 1   permutation, int32[samples]; 0 for the order as it is
 * word 2   cursor, int32[1]
 * word 3   out, f32[batch][rowLength], int32 for an int32 table
 * word 4   batch
 * word 5   rowLength
 * word 6   samples
 * word 7   dtype of the table: 0 float32, 1 int32, 2 uint8
 * word 8   scale, f32; not used for int32
 * word 9   offset, f32; not used for int32
 */
export function gather_batch(args: usize): void {
  const table = load<usize>(args), permutation = load<usize>(args, 4);
  const batch = load<u32>(args, 16), length = load<u32>(args, 20), samples = load<u32>(args, 24), dtype = load<u32>(args, 28);
  if (!take(batch, 1, row_work(batch, length))) return;
  let out = load<usize>(args, 12) + (<usize>part_begin * <usize>length << 2);
  const scale = load<f32>(args, 32), offset = load<f32>(args, 36);
  const bytes = row_bytes(length, dtype);
  const first = <u64>load<u32>(load<usize>(args, 8));
  for (let r = part_begin; r < part_end; r++, out += <usize>length << 2) {
    const position = first + r;
    let index: u32 = samples;
    if (position < samples) index = permutation == 0 ? <u32>position : load<u32>(permutation + (<usize>position << 2));
    if (index < samples) load_row(out, table + <usize>index * bytes, length, dtype, scale, offset);
    else zero_row(out, length);
  }
}

/**
 * out[r] = 1 where cursor[0] + r < samples, else 0.
 * word 0  cursor, int32[1]
 * word 1  out, f32[batch]
 * word 2  batch
 * word 3  samples
 */
export function batch_mask(args: usize): void {
  const out = load<usize>(args, 4);
  const batch = load<u32>(args, 8), samples = load<u32>(args, 12);
  const first = <u64>load<u32>(load<usize>(args));
  for (let r: u32 = 0; r < batch; r++) store<f32>(out + (<usize>r << 2), first + r < samples ? 1 : 0);
}

/**
 * dst[cursor[0] + r] = src[r] for those rows that dst has.
 * word 0  src, u32[batch][rowLength]
 * word 1  dst, u32[rows][rowLength]
 * word 2  cursor, int32[1]
 * word 3  batch
 * word 4  rowLength
 * word 5  rows
 */
export function store_rows(args: usize): void {
  const batch = load<u32>(args, 12), rows = load<u32>(args, 20);
  const first = <u64>load<u32>(load<usize>(args, 8));
  if (first >= rows) return;
  const bytes = <usize>load<u32>(args, 16) << 2;
  const count = min<u64>(batch, rows - first);
  memory.copy(load<usize>(args, 4) + <usize>first * bytes, load<usize>(args), <usize>count * bytes);
}

/**
 * out = 0, then out[indices[i]] += updates[i] for i = 0, 1, …; indices out of range are left out.
 * word 0  updates, f32[count][rowLength]
 * word 1  indices, int32[count]
 * word 2  out, f32[rows][rowLength]
 * word 3  count
 * word 4  rowLength
 * word 5  rows
 */
export function scatter_add(args: usize): void {
  const indices = load<usize>(args, 4);
  const count = load<u32>(args, 12), length = load<u32>(args, 16), rows = load<u32>(args, 20);
  // Threads share the columns, so that each sum keeps its order and rows that are often met are everybody's.
  if (!take(length, 16, row_work(count, length) + 0.1 * <f64>rows * <f64>length)) return;
  const bytes = <usize>length << 2, width = part_end - part_begin;
  let from = load<usize>(args) + (<usize>part_begin << 2);
  const out = load<usize>(args, 8) + (<usize>part_begin << 2);
  if (width == length) {
    memory.fill(out, 0, <usize>rows * bytes);
  } else {
    for (let r: u32 = 0; r < rows; r++) memory.fill(out + <usize>r * bytes, 0, <usize>width << 2);
  }
  for (let i: u32 = 0; i < count; i++, from += bytes) {
    const index = load<u32>(indices + (<usize>i << 2));
    if (index >= rows) continue;
    let to = out + <usize>index * bytes, s = from, left = width;
    for (; left >= 4; left -= 4, to += 16, s += 16) v128.store(to, add(v128.load(to), v128.load(s)));
    for (; left > 0; left--, to += 4, s += 4) store<f32>(to, load<f32>(to) + load<f32>(s));
  }
}

/**
 * dst[0] = src[0] + by
 * word 0  src, int32[1]
 * word 1  dst, int32[1]; may be src
 * word 2  by, int32
 */
export function increment(args: usize): void {
  store<i32>(load<usize>(args, 4), load<i32>(load<usize>(args)) + load<i32>(args, 8));
}
