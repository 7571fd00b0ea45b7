// Inputs of the element-wise interpreter: how each kind of operand (see elementwise.ts) becomes a tile of float32.
// A contiguous float32 operand needs none of this: it is read where it lies.
import { splat } from './simd';

export const CONTIGUOUS: u32 = 0;
export const SCALAR: u32 = 1;
export const PERIODIC: u32 = 2;
export const REPEATED: u32 = 3;
export const GENERAL: u32 = 4;

export const FLOAT32: u32 = 0;
export const INT32: u32 = 1;
export const UINT8: u32 = 2;

@inline
export function element_size(dtype: u32): usize {
  return dtype == UINT8 ? 1 : 4;
}

/** Element `index` of an array as float32. */
@inline
export function load_element(x: usize, index: i32, dtype: u32): f32 {
  if (dtype == FLOAT32) return load<f32>(x + (<usize>index << 2));
  if (dtype == INT32) return <f32>load<i32>(x + (<usize>index << 2));
  return <f32>load<u8>(x + <usize>index);
}

/** tile[0 … count) = x[first … first + count) as float32. */
export function load_run(tile: usize, x: usize, first: u32, count: u32, dtype: u32): void {
  x += <usize>first * element_size(dtype);
  let i: u32 = 0;
  if (dtype == FLOAT32) {
    for (; i + 4 <= count; i += 4, x += 16) v128.store(tile + (<usize>i << 2), v128.load(x));
  } else if (dtype == INT32) {
    for (; i + 4 <= count; i += 4, x += 16) v128.store(tile + (<usize>i << 2), f32x4.convert_i32x4_s(v128.load(x)));
  } else {
    for (; i + 4 <= count; i += 4, x += 4) {
      const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x)));
      v128.store(tile + (<usize>i << 2), f32x4.convert_i32x4_s(words));
    }
  }
  for (let j = 0; i < count; i++, j++) store<f32>(tile + (<usize>i << 2), load_element(x, j, dtype));
}

/** tile[0 … count) = value; may write up to three floats more, which the caller overwrites or ignores. */
@inline
function fill_run(tile: usize, value: f32, count: u32): void {
  const v = splat(value);
  for (let i: u32 = 0; i < count; i += 4) v128.store(tile + (<usize>i << 2), v);
}

/** tile[i] = x[(first + i) mod period] */
export function load_periodic(tile: usize, x: usize, first: u32, count: u32, period: u32, dtype: u32): void {
  let position = first % period;
  while (count > 0) {
    const run = min(count, period - position);
    load_run(tile, x, position, run, dtype);
    tile += <usize>run << 2;
    count -= run;
    position = 0;
  }
}

/** tile[i] = x[(first + i) div repeat]; may write up to three floats past the tile. */
export function load_repeated(tile: usize, x: usize, first: u32, count: u32, repeat: u32, dtype: u32): void {
  let index = first / repeat;
  let run = min(count, repeat - (first - index * repeat));
  while (count > 0) {
    fill_run(tile, load_element(x, index, dtype), run);
    tile += <usize>run << 2;
    count -= run;
    run = min(count, repeat);
    index++;
  }
}

/**
 * tile[i] = the element of row-major position first + i in a strided view of x.
 * `words`: rank (1 to 8), dims[rank], strides[rank] in elements. May write up to three floats past the tile.
 */
export function load_general(tile: usize, x: usize, first: u32, count: u32, words: usize, dtype: u32, index: usize): void {
  const rank = load<u32>(words);
  const dims = words + 4;
  const strides = dims + (<usize>rank << 2);
  const last = (<usize>rank - 1) << 2;
  let offset: i32 = 0;
  let rest = first;
  for (let d = <i32>last; d >= 0; d -= 4) {
    const size = load<u32>(dims + d);
    const at = rest % size;
    rest /= size;
    store<u32>(index + d, at);
    offset += <i32>at * load<i32>(strides + d);
  }
  const inner = load<u32>(dims + last);
  const stride = load<i32>(strides + last);
  for (;;) {
    const at = load<u32>(index + last);
    const run = min(count, inner - at);
    if (stride == 0) {
      fill_run(tile, load_element(x, offset, dtype), run);
    } else if (stride == 1) {
      load_run(tile, x + <usize>offset * element_size(dtype), 0, run, dtype);
    } else {
      for (let i: u32 = 0, from = offset; i < run; i++, from += stride) {
        store<f32>(tile + (<usize>i << 2), load_element(x, from, dtype));
      }
    }
    tile += <usize>run << 2;
    count -= run;
    if (count == 0) return;
    // The next run starts at inner index 0: carry into the outer dimensions.
    offset -= <i32>at * stride;
    store<u32>(index + last, 0);
    for (let d = <i32>last - 4; d >= 0; d -= 4) {
      const step = load<i32>(strides + d);
      const next = load<u32>(index + d) + 1;
      if (next < load<u32>(dims + d)) {
        store<u32>(index + d, next);
        offset += step;
        break;
      }
      store<u32>(index + d, 0);
      offset -= <i32>(next - 1) * step;
    }
  }
}
