// Packs blocks of the operands of a matrix product in the order in which the tiles of matmul-micro.ts read them. B is packed into
// panels of 8 columns, panel[k][8]. A is packed, if its elements are far apart along k, into panels of tile_rows rows,
// panel[k][tile_rows]. Columns beyond the edge of B are filled with zeros.
import { high_halves, interleave_high, interleave_low, low_halves, splat, store_tail, load_tail } from '../simd';

/** Packs one panel of `columns` ≤ 8 columns of a row-major B. b is its first element; rows are `stride` bytes apart. */
export function pack_rows(panel: usize, b: usize, stride: usize, depth: u32, columns: u32): void {
  const zero = splat(0);
  for (; depth > 0; depth--, b += stride, panel += 32) {
    if (columns == 8) {
      v128.store(panel, v128.load(b));
      v128.store(panel, v128.load(b, 16), 16);
    } else if (columns >= 4) {
      v128.store(panel, v128.load(b));
      v128.store(panel, columns > 4 ? load_tail(b + 16, columns - 4, 0) : zero, 16);
    } else {
      v128.store(panel, load_tail(b, columns, 0));
      v128.store(panel, zero, 16);
    }
  }
}

/** Packs four columns of a transposed B, from its four contiguous rows p0 … p3, with a stride of eight floats in the panel. */
@inline
function pack_four(panel: usize, p0: usize, p1: usize, p2: usize, p3: usize, depth: u32): void {
  let k: u32 = 0;
  for (; k + 4 <= depth; k += 4, panel += 128) {
    const at = <usize>k << 2;
    const r0 = v128.load(p0 + at), r1 = v128.load(p1 + at), r2 = v128.load(p2 + at), r3 = v128.load(p3 + at);
    const t0 = interleave_low(r0, r1), t1 = interleave_high(r0, r1);
    const t2 = interleave_low(r2, r3), t3 = interleave_high(r2, r3);
    v128.store(panel, low_halves(t0, t2));
    v128.store(panel, high_halves(t0, t2), 32);
    v128.store(panel, low_halves(t1, t3), 64);
    v128.store(panel, high_halves(t1, t3), 96);
  }
  for (; k < depth; k++, panel += 32) {
    const at = <usize>k << 2;
    store<f32>(panel, load<f32>(p0 + at));
    store<f32>(panel, load<f32>(p1 + at), 4);
    store<f32>(panel, load<f32>(p2 + at), 8);
    store<f32>(panel, load<f32>(p3 + at), 12);
  }
}

/** Packs one panel of `columns` ≤ 8 columns of a transposed B. Column j is contiguous at b + j·stride. */
export function pack_columns(panel: usize, b: usize, stride: usize, depth: u32, columns: u32): void {
  let j: u32 = 0;
  for (; j + 4 <= columns; j += 4, b += stride << 2) {
    pack_four(panel + (<usize>j << 2), b, b + stride, b + (stride << 1), b + stride * 3, depth);
  }
  for (; j < columns; j++, b += stride) {
    for (let k: u32 = 0, d = panel + (<usize>j << 2); k < depth; k++, d += 32) store<f32>(d, load<f32>(b + (<usize>k << 2)));
  }
  for (; j < 8; j++) {
    for (let k: u32 = 0, d = panel + (<usize>j << 2); k < depth; k++, d += 32) store<f32>(d, 0);
  }
}

/** Packs one panel of `rows` rows of a transposed A. The elements of one k are adjacent; the next k is `step` bytes further. */
export function pack_side_by_side(panel: usize, a: usize, step: usize, depth: u32, rows: u32): void {
  const bytes = <usize>rows << 2;
  if (rows == 4) {
    for (; depth > 0; depth--, a += step, panel += 16) v128.store(panel, v128.load(a));
  } else if (rows == 6) {
    for (; depth > 0; depth--, a += step, panel += 24) {
      v128.store(panel, v128.load(a));
      store<u64>(panel, load<u64>(a, 16), 16);
    }
  } else {
    for (; depth > 0; depth--, a += step, panel += bytes) {
      if (rows > 4) {
        v128.store(panel, v128.load(a));
        store_tail(panel + 16, load_tail(a + 16, rows - 4, 0), rows - 4);
      } else {
        store_tail(panel, load_tail(a, rows, 0), rows);
      }
    }
  }
}
