// Rows by index: gather from a table, and its gradient.
import { part_begin, part_end, take } from '../runtime/part';
import { load_row, row_bytes, row_work, zero_row } from './rows';
import { add } from '../simd';

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
