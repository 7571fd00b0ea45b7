// The inner tiles of the matrix product: C[rows][8] = start + A·B over `depth` values of k, with the accumulators in registers.
// matmul.ts splits a product into these tiles.
//
// Element (i, k) of A is at a + i·row + k·step, so the same tile reads row-major, transposed and packed operands. Row k of B is
// at b + k·stride. The accumulators are initialised from `start` (the bias with start_stride 0, or the current contents of C).
//
// V8 can allocate 15 vector registers. With fused multiply-add, 6×8 uses 12 + 2 + 1 of them. A separate multiplication needs one
// more register for the product and spills, so machines without fused multiply-add use 4×8. Node 20, depth 256, GFLOP/s: separate
// 4×8 38, 6×8 29; fused 6×8 56, 4×8 49. Incrementing one pointer per row costs nothing compared with a packed panel; four values
// of k per iteration halved the speed (spills).
import { fma } from '../simd';

/** 1 + 2⁻¹², and −1 − 2⁻¹¹. The square of the first plus the second is 2⁻²⁴, or 0 if the square was rounded first. */
const PROBE: usize = memory.data<f32>([1.000244140625, -1.00048828125]);

@inline
function is_fused(): bool {
  const x = v128.load_splat<f32>(PROBE);
  return f32x4.extract_lane(fma(x, x, v128.load_splat<f32>(PROBE, 4)), 0) != 0;
}

/** Rows of the largest tile. */
export const tile_rows: u32 = is_fused() ? 6 : 4;

/** The main tile where multiply-adds are fused. */
export function micro_6x8(
  depth: u32, a: usize, row: usize, step: usize, b: usize, stride: usize,
  start: usize, start_stride: usize, c: usize, c_stride: usize,
): void {
  let a1 = a + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  let a4 = a3 + row;
  let a5 = a4 + row;
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  start += start_stride;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  start += start_stride;
  let c20 = v128.load(start), c21 = v128.load(start, 16);
  start += start_stride;
  let c30 = v128.load(start), c31 = v128.load(start, 16);
  start += start_stride;
  let c40 = v128.load(start), c41 = v128.load(start, 16);
  start += start_stride;
  let c50 = v128.load(start), c51 = v128.load(start, 16);
  for (; depth > 0; depth--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    b += stride;
    let s = v128.load_splat<f32>(a);
    a += step;
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    a1 += step;
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    s = v128.load_splat<f32>(a2);
    a2 += step;
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    s = v128.load_splat<f32>(a3);
    a3 += step;
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    s = v128.load_splat<f32>(a4);
    a4 += step;
    c40 = fma(s, b0, c40);
    c41 = fma(s, b1, c41);
    s = v128.load_splat<f32>(a5);
    a5 += step;
    c50 = fma(s, b0, c50);
    c51 = fma(s, b1, c51);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += c_stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += c_stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += c_stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += c_stride;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  c += c_stride;
  v128.store(c, c50);
  v128.store(c, c51, 16);
}

/** The main tile where multiply-adds are not fused, and a remainder tile where they are. */
export function micro_4x8(
  depth: u32, a: usize, row: usize, step: usize, b: usize, stride: usize,
  start: usize, start_stride: usize, c: usize, c_stride: usize,
): void {
  let a1 = a + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  start += start_stride;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  start += start_stride;
  let c20 = v128.load(start), c21 = v128.load(start, 16);
  start += start_stride;
  let c30 = v128.load(start), c31 = v128.load(start, 16);
  for (; depth > 0; depth--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    b += stride;
    let s = v128.load_splat<f32>(a);
    a += step;
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    a1 += step;
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    s = v128.load_splat<f32>(a2);
    a2 += step;
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    s = v128.load_splat<f32>(a3);
    a3 += step;
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += c_stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += c_stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += c_stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** Remainder tile of two rows. */
export function micro_2x8(
  depth: u32, a: usize, row: usize, step: usize, b: usize, stride: usize,
  start: usize, start_stride: usize, c: usize, c_stride: usize,
): void {
  let a1 = a + row;
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  start += start_stride;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  for (; depth > 0; depth--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    b += stride;
    let s = v128.load_splat<f32>(a);
    a += step;
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    a1 += step;
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += c_stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
}

/** Remainder tile of one row. */
export function micro_1x8(
  depth: u32, a: usize, row: usize, step: usize, b: usize, stride: usize,
  start: usize, start_stride: usize, c: usize, c_stride: usize,
): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  for (; depth > 0; depth--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    b += stride;
    let s = v128.load_splat<f32>(a);
    a += step;
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
}
