// Up to tile_rows rows of a product's tiles, out of the fixed ones of matmul-micro.ts. Between those and what cuts a product
// into tiles: matmul.ts and recurrent-product.ts. An element's sum does not depend on how many rows its tile has.
import { micro_1x8, micro_2x8, micro_4x8, micro_6x8, tile_rows } from './matmul-micro';

/** Rows of the next tile when `left` remain: eight are two fours, for six and two would be slower. */
@inline
export function tile_height(left: u32): u32 {
  return tile_rows == 6 && left == 8 ? 4 : min(left, tile_rows);
}

/** `rows` ≤ tile_rows rows of eight columns. */
@inline
export function tile(
  rows: u32, depth: u32, a: usize, row: usize, step: usize, b: usize, stride: usize,
  start: usize, start_stride: usize, c: usize, c_stride: usize,
): void {
  if (rows == tile_rows) {
    if (tile_rows == 6) micro_6x8(depth, a, row, step, b, stride, start, start_stride, c, c_stride);
    else micro_4x8(depth, a, row, step, b, stride, start, start_stride, c, c_stride);
    return;
  }
  if (tile_rows == 6 && rows >= 4) {
    micro_4x8(depth, a, row, step, b, stride, start, start_stride, c, c_stride);
    a += row << 2;
    start += start_stride << 2;
    c += c_stride << 2;
    rows -= 4;
  }
  if (rows >= 2) {
    micro_2x8(depth, a, row, step, b, stride, start, start_stride, c, c_stride);
    a += row << 1;
    start += start_stride << 1;
    c += c_stride << 1;
    rows -= 2;
  }
  if (rows != 0) micro_1x8(depth, a, row, step, b, stride, start, start_stride, c, c_stride);
}
