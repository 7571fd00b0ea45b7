// Reads batches from a data set in linear memory, and stores batches of results.
// A cursor is one int32: the position of the first sample of the batch. A program advances it by the batch size with `increment`.
import { part_begin, part_end, take } from '../runtime/part';
import { load_row, row_bytes, row_work, zero_row } from './rows';
import { Address, OptionalAddress } from '../words';

/** The words of `gather_batch`. */
@unmanaged
export class GatherBatchWords {
  /** [samples][rowLength] */
  table: Address;
  /** int32[samples]; if absent, the order is the order of the table. */
  permutation: OptionalAddress;
  /** int32[1] */
  cursor: Address;
  /** f32[batch][rowLength]; int32 for an int32 table. */
  out: Address;
  /** Rows of the batch. */
  batch: u32;
  /** Elements of a row. */
  rowLength: u32;
  /** Rows of the table. */
  samples: u32;
  /** GatherDType of the table. */
  dtype: u32;
  /** Ignored for int32. */
  scale: f32;
  /** Ignored for int32. */
  offset: f32;
}

/** out[r] = table[permutation[p]]·scale + offset with p = cursor[0] + r; zeros where p ≥ samples. */
export function gather_batch(words: GatherBatchWords): void {
  const table = words.table, permutation = words.permutation;
  const batch = words.batch, length = words.rowLength, samples = words.samples, dtype = words.dtype;
  if (!take(batch, 1, row_work(batch, length))) return;
  let out = words.out + (<usize>part_begin * <usize>length << 2);
  const scale = words.scale, offset = words.offset;
  const bytes = row_bytes(length, dtype);
  const first = <u64>load<u32>(words.cursor);
  for (let r = part_begin; r < part_end; r++, out += <usize>length << 2) {
    const position = first + r;
    let index: u32 = samples;
    if (position < samples) index = permutation == 0 ? <u32>position : load<u32>(permutation + (<usize>position << 2));
    if (index < samples) load_row(out, table + <usize>index * bytes, length, dtype, scale, offset);
    else zero_row(out, length);
  }
}

/** The words of `store_rows`. */
@unmanaged
export class StoreRowsWords {
  /** u32[batch][rowLength] */
  source: Address;
  /** u32[rows][rowLength] */
  target: Address;
  /** int32[1] */
  cursor: Address;
  /** Rows of the source. */
  batch: u32;
  /** Elements of a row. */
  rowLength: u32;
  /** Rows of the target. */
  rows: u32;
}

/** dst[cursor[0] + r] = src[r]. Rows beyond the end of dst are discarded. */
export function store_rows(words: StoreRowsWords): void {
  const batch = words.batch, rows = words.rows;
  const first = <u64>load<u32>(words.cursor);
  if (first >= rows) return;
  const bytes = <usize>words.rowLength << 2;
  const count = min<u64>(batch, rows - first);
  memory.copy(words.target + <usize>first * bytes, words.source, <usize>count * bytes);
}

/** The words of `increment`. */
@unmanaged
export class IncrementWords {
  /** int32[1] */
  source: Address;
  /** int32[1]; may be the source. */
  target: Address;
  /** The increment. */
  by: i32;
}

/** dst[0] = src[0] + by */
export function increment(words: IncrementWords): void {
  store<i32>(words.target, load<i32>(words.source) + words.by);
}
