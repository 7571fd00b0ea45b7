// Moves 4-byte elements: fill, copy, and the strided copy behind transpose, slice, concatenate, pad and broadcast.
import { part_begin, part_end, take } from '../runtime/share';
import { high_halves, interleave_high, interleave_low, low_halves } from '../simd';
import { table } from '../runtime/workspace';
import { Address, Bits, List, item } from '../words';

const BLOCK: u32 = 16;

/** The words of `fill`. */
@unmanaged
export class FillWords {
  /** u32[count] */
  out: Address;
  /** Number of elements. */
  count: u32;
  /** The value of every element. */
  value: Bits;
}

export function fill(words: FillWords): void {
  const count = words.count;
  if (!take(count, 64, 0.1 * <f64>count)) return;
  fill_words(words.out + (<usize>part_begin << 2), part_end - part_begin, words.value);
}

/** The words of `copy`. */
@unmanaged
export class CopyWords {
  /** Bytes. */
  source: Address;
  /** Bytes; may overlap the source. */
  target: Address;
  /** Number of bytes. */
  bytes: u32;
}

export function copy(words: CopyWords): void {
  const s = words.source, d = words.target, bytes = words.bytes;
  // Overlapping ranges are moved in one piece: one part would overwrite data that another part has yet to read.
  const piece: u32 = s < d + bytes && d < s + bytes ? max<u32>(bytes, 1) : 256;
  if (!take(bytes, piece, 0.05 * <f64>bytes)) return;
  memory.copy(d + part_begin, s + part_begin, part_end - part_begin);
}

function fill_words(d: usize, count: u32, bits: u32): void {
  const v = i32x4.splat(bits);
  for (; count >= 4; count -= 4, d += 16) v128.store(d, v);
  for (; count > 0; count--, d += 4) store<u32>(d, bits);
}

/** Copies short runs. This is cheaper than memory.copy, which calls out of the wasm code. */
function copy_words(d: usize, s: usize, count: u32): void {
  if (count >= 128) {
    memory.copy(d, s, <usize>count << 2);
    return;
  }
  for (; count >= 4; count -= 4, d += 16, s += 16) v128.store(d, v128.load(s));
  for (; count > 0; count--, d += 4, s += 4) store<u32>(d, load<u32>(s));
}

/** Transposes one block: 4×4 in registers, then the remainder. */
function transpose_block(d: usize, d_row: usize, s: usize, s_row: isize, rows: u32, columns: u32): void {
  let j: u32 = 0;
  for (; j + 4 <= columns; j += 4, d += 16, s += s_row << 2) {
    let to = d, from = s, i: u32 = 0;
    for (; i + 4 <= rows; i += 4, from += 16, to += d_row << 2) {
      const r0 = v128.load(from), r1 = v128.load(from + s_row);
      const r2 = v128.load(from + (s_row << 1)), r3 = v128.load(from + s_row * 3);
      const t0 = interleave_low(r0, r1), t1 = interleave_high(r0, r1);
      const t2 = interleave_low(r2, r3), t3 = interleave_high(r2, r3);
      v128.store(to, low_halves(t0, t2));
      v128.store(to + d_row, high_halves(t0, t2));
      v128.store(to + (d_row << 1), low_halves(t1, t3));
      v128.store(to + d_row * 3, high_halves(t1, t3));
    }
    for (; i < rows; i++, from += 4, to += d_row) {
      store<u32>(to, load<u32>(from));
      store<u32>(to, load<u32>(from + s_row), 4);
      store<u32>(to, load<u32>(from + (s_row << 1)), 8);
      store<u32>(to, load<u32>(from + s_row * 3), 12);
    }
  }
  for (; j < columns; j++, d += 4, s += s_row) {
    for (let i: u32 = 0, to = d, from = s; i < rows; i++, to += d_row, from += 4) store<u32>(to, load<u32>(from));
  }
}

/**
 * dst[i][j] = src[j][i] for `rows` rows of dst, `d_row` bytes apart, and `columns` columns; the rows of src are `s_row` bytes
 * apart. Works in blocks, so that the cache lines of both sides are used completely while they are cached: rows that are a power
 * of two apart map to few cache sets.
 */
function transpose(d: usize, d_row: usize, s: usize, s_row: isize, rows: u32, columns: u32): void {
  for (let i: u32 = 0; i < rows; i += BLOCK) {
    const height = min(rows - i, BLOCK);
    for (let j: u32 = 0; j < columns; j += BLOCK) {
      const to = d + <usize>i * d_row + (<usize>j << 2), from = s + (<usize>i << 2) + <usize>j * s_row;
      transpose_block(to, d_row, from, s_row, height, min(columns - j, BLOCK));
    }
  }
}

// The strided copy first builds a list of its dimensions in the workspace. It omits dimensions of size 1 and merges neighbours
// that are contiguous on both sides. Each entry is four words: size, bytes between elements in src and in dst, index.
const ENTRY: usize = 16;

/** Moves the dimension at `at` to the end, and the ones after it forward by one. */
function move_last(at: usize, last: usize): void {
  const dimension = v128.load(at);
  for (; at < last; at += ENTRY) v128.store(at, v128.load(at + ENTRY));
  v128.store(last, dimension);
}

/** An axis of the strided copy; strides in elements. */
@unmanaged
export class CopyAxis {
  /** Size of the axis. */
  size: u32;
  /** May be 0 or negative. */
  sourceStride: i32;
  /** May be 0 or negative. */
  targetStride: i32;
}

/** The words of `strided_copy`. */
@unmanaged
export class StridedCopyWords {
  /** Address that index 0 is read from. */
  source: Address;
  /** Address that index 0 is written to; must not overlap the source. */
  target: Address;
  /** Number of axes, at most 8. */
  axes: List<CopyAxis>;
}

/** Builds the list and returns the address of its end; 0 if a size is 0. */
function list_dimensions(words: StridedCopyWords): usize {
  const rank = words.axes;
  const list = table();
  let end = list;
  for (let i: u32 = 0; i < rank; i++) {
    const axis = item<StridedCopyWords, CopyAxis>(words, i);
    const size = axis.size, s = axis.sourceStride << 2, d = axis.targetStride << 2;
    if (size == 0) return 0;
    if (size == 1) continue;
    if (end > list && load<i32>(end - ENTRY, 4) == s * <i32>size && load<i32>(end - ENTRY, 8) == d * <i32>size) {
      end -= ENTRY;
      store<u32>(end, load<u32>(end) * size);
    } else {
      store<u32>(end, size);
    }
    store<i32>(end, s, 4);
    store<i32>(end, d, 8);
    store<u32>(end, 0, 12);
    end += ENTRY;
  }
  return end;
}

/** Estimated time in nanoseconds for the elements of the list. */
function copy_work(list: usize, end: usize): f64 {
  let work = 0.5;
  for (; list < end; list += ENTRY) work *= <f64>load<u32>(list);
  return work;
}

/** target[i₀·targetStride₀ + …] = source[i₀·sourceStride₀ + …] for all indices i₀, i₁ … of the axes. */
export function strided_copy(words: StridedCopyWords): void {
  let s = words.source, d = words.target;
  const list = table();
  const end = list_dimensions(words);
  if (end == 0) return;
  if (end == list) {
    if (take(1, 1, 1)) store<u32>(d, load<u32>(s));
    return;
  }
  // The dimension in which dst is contiguous goes last. Before it goes the one in which src is contiguous, if it is a different
  // one.
  let last = end - ENTRY;
  for (let at = list; at < end; at += ENTRY) {
    if (load<i32>(at, 8) == 4) {
      move_last(at, last);
      break;
    }
  }
  const contiguous = load<i32>(last, 8) == 4;
  let transposed = false;
  if (contiguous && load<i32>(last, 4) != 4 && last > list) {
    for (let at = list; at < last; at += ENTRY) {
      if (load<i32>(at, 4) == 4) {
        move_last(at, last - ENTRY);
        transposed = true;
        break;
      }
    }
  }
  const outer_end = transposed ? last - ENTRY : last;
  if (!take(load<u32>(list), outer_end > list ? 1 : 64, copy_work(list, end))) return;
  s += part_begin * load<i32>(list, 4);
  d += part_begin * load<i32>(list, 8);
  store<u32>(list, part_end - part_begin);
  const count = load<u32>(last), s_step = load<i32>(last, 4), d_step = load<i32>(last, 8);
  const rows = transposed ? load<u32>(outer_end) : 0;
  const d_row = transposed ? load<i32>(outer_end, 8) : 0;

  for (;;) {
    if (transposed) {
      transpose(d, d_row, s, s_step, rows, count);
    } else if (contiguous && s_step == 4) {
      copy_words(d, s, count);
    } else if (contiguous && s_step == 0) {
      fill_words(d, count, load<u32>(s));
    } else {
      for (let i: u32 = 0, from = s, to = d; i < count; i++, from += s_step, to += d_step) store<u32>(to, load<u32>(from));
    }
    // Advances the index of the outer dimensions.
    let at = outer_end;
    for (;;) {
      if (at == list) return;
      at -= ENTRY;
      const size = load<u32>(at), index = load<u32>(at, 12) + 1;
      s += load<i32>(at, 4);
      d += load<i32>(at, 8);
      if (index < size) {
        store<u32>(at, index, 12);
        break;
      }
      store<u32>(at, 0, 12);
      s -= load<i32>(at, 4) * <i32>size;
      d -= load<i32>(at, 8) * <i32>size;
    }
  }
}
