// Gathers the rows of a table by index, and computes the gradient of the gather.
import { part_begin, part_end, take } from '../runtime/part';
import { load_row, row_bytes, row_work, zero_row } from './rows';
import { add } from '../simd';
import { Address } from '../words';

/** The words of `gather`. */
@unmanaged
export class GatherWords {
  /** [tableRows][rowLength] */
  table: Address;
  /** int32[count] */
  indices: Address;
  /** f32[count][rowLength]; int32 for an int32 table. */
  out: Address;
  /** Number of indices. */
  count: u32;
  /** Elements per row. */
  rowLength: u32;
  /** Rows of the table. */
  tableRows: u32;
  /** GatherDType of the table. */
  dtype: u32;
  /** Ignored for int32. */
  scale: f32;
  /** Ignored for int32. */
  offset: f32;
}

/** out[i] = table[indices[i]]·scale + offset. An out-of-range index yields zeros. */
export function gather(words: GatherWords): void {
  const table = words.table, indices = words.indices;
  const count = words.count, length = words.rowLength, rows = words.tableRows, dtype = words.dtype;
  if (!take(count, 1, row_work(count, length))) return;
  const scale = words.scale, offset = words.offset;
  const bytes = row_bytes(length, dtype);
  let out = words.out + (<usize>part_begin * <usize>length << 2);
  for (let i = part_begin; i < part_end; i++, out += <usize>length << 2) {
    const index = load<u32>(indices + (<usize>i << 2));
    if (index < rows) load_row(out, table + <usize>index * bytes, length, dtype, scale, offset);
    else zero_row(out, length);
  }
}

/** The words of `scatter_add`. */
@unmanaged
export class ScatterAddWords {
  /** f32[count][rowLength] */
  updates: Address;
  /** int32[count] */
  indices: Address;
  /** f32[tableRows][rowLength] */
  out: Address;
  /** Number of indices. */
  count: u32;
  /** Elements per row. */
  rowLength: u32;
  /** Rows of the result. */
  tableRows: u32;
}

/** out = 0, then out[indices[i]] += updates[i] for i = 0, 1, …. Out-of-range indices are ignored. */
export function scatter_add(words: ScatterAddWords): void {
  const indices = words.indices;
  const count = words.count, length = words.rowLength, rows = words.tableRows;
  // Threads split the columns, so that each sum retains its order and frequent rows are shared by all threads.
  if (!take(length, 16, row_work(count, length) + 0.1 * <f64>rows * <f64>length)) return;
  const bytes = <usize>length << 2, width = part_end - part_begin;
  let from = words.updates + (<usize>part_begin << 2);
  const out = words.out + (<usize>part_begin << 2);
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
