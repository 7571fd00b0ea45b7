// Loads rows of a table into an operand, for gather.ts and batch.ts.
import { GatherDType } from '../constants';
import { add, mul, splat } from '../simd';

/** out[i] = x[i]·scale + offset, with two roundings in every binary. int32 elements are copied unchanged. */
export function load_row(out: usize, x: usize, length: u32, dtype: u32, scale: f32, offset: f32): void {
  const s = splat(scale), o = splat(offset);
  if (dtype == GatherDType.int32 || (dtype == GatherDType.float32 && scale == 1 && offset == 0)) {
    for (; length >= 4; length -= 4, x += 16, out += 16) v128.store(out, v128.load(x));
    for (; length > 0; length--, x += 4, out += 4) store<u32>(out, load<u32>(x));
  } else if (dtype == GatherDType.float32) {
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
export function row_bytes(length: u32, dtype: u32): usize {
  return dtype == GatherDType.uint8 ? <usize>length : <usize>length << 2;
}

@inline
export function zero_row(out: usize, length: u32): void {
  memory.fill(out, 0, <usize>length << 2);
}

/** Estimated time in nanoseconds for rows at random positions in memory. */
@inline
export function row_work(rows: u32, length: u32): f64 {
  return <f64>rows * (20 + 0.3 * <f64>length);
}
