// Computes up to tile_rows rows of a tile from the fixed-size tiles of matmul-micro.ts, for matmul.ts and recurrent-product.ts.
// The sum of an element does not depend on the number of rows of its tile.
import { micro_1x8, micro_2x8, micro_4x8, micro_6x8, tile_rows } from './matmul-micro';

/**
 * Rows of the next tile when `left` rows remain. Eight rows are split into two tiles of four, because six plus two would be
 * slower.
 */
@inline
export function tile_height(left: u32): u32 {
  return tile_rows == 6 && left == 8 ? 4 : min(left, tile_rows);
}

/** Computes `rows` ≤ tile_rows rows of eight columns. */
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
