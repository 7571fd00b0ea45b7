// The batches of a data set that lies in linear memory, and their way back.
// A cursor is one int32, the position of the batch's first sample; a program advances it by the batch with `increment`.
import { part_begin, part_end, take } from '../runtime/part';
import { load_row, row_bytes, row_work, zero_row } from './rows';

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
 * dst[0] = src[0] + by
 * word 0  src, int32[1]
 * word 1  dst, int32[1]; may be src
 * word 2  by, int32
 */
export function increment(args: usize): void {
  store<i32>(load<usize>(args, 4), load<i32>(load<usize>(args)) + load<i32>(args, 8));
}
