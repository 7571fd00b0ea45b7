// The products inside a recurrent cell: a few rows times the recurrent kernel, or times its transpose, at every step. The kernel
// is packed into panels once a call, by a kernel of its own that runs before; recurrent.ts and recurrent-gradient.ts walk
// the steps with them. Units are taken in blocks of TILE_COLUMNS; what hangs over the last is zero.
import { TILE_COLUMNS } from '../constants';
import { pack_columns, pack_rows } from '../product/matmul-pack';
import { tile, tile_height } from '../product/matmul-tile';
import { part_begin, part_end, take } from '../runtime/part';
import { Address, Flag } from '../words';

/** Eight zeros: what a sum begins with. */
export const ZEROS: usize = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Rows that walk through all steps together, a multiple of every tile's. They read the panels once a step; 24 rows took 8 % longer,
 * 48 2 %.
 */
export const BLOCK_ROWS: u32 = 96;

@inline
export function block_count(units: u32): u32 {
  return (units + TILE_COLUMNS - 1) / TILE_COLUMNS;
}

/** The words of `recurrent_pack`. */
@unmanaged
export class RecurrentPackWords {
  /** f32[units][gates·units] */
  kernel: Address;
  /**
   * f32[blocks][gates][units][8], block b of a gate its columns 8·b … 8·b + 7; transposed f32[blocks][gates·units][8], with the
   * kernel's rows 8·b … 8·b + 7 side by side.
   */
  panels: Address;
  /** Units of the cell. */
  units: u32;
  /** Gates of the cell. */
  gates: u32;
  /** Whether the products are with the transposed kernel. */
  transposed: Flag;
}

export function recurrent_pack(words: RecurrentPackWords): void {
  const units = words.units, gates = words.gates;
  const columns = gates * units, stride = <usize>columns << 2;
  if (!take(block_count(units), 1, 0.4 * <f64>units * <f64>columns)) return;
  const kernel = words.kernel, panels = words.panels;
  for (let block = part_begin; block < part_end; block++) {
    const width = min<u32>(units - (block << 3), 8);
    const panel = panels + (<usize>(block * columns) << 5);
    if (words.transposed) {
      pack_columns(panel, kernel + <usize>(block << 3) * stride, stride, columns, width);
    } else {
      for (let gate: u32 = 0; gate < gates; gate++) {
        pack_rows(
          panel + (<usize>(gate * units) << 5), kernel + (<usize>(gate * units + (block << 3)) << 2), stride, units, width,
        );
      }
    }
  }
}

/** C[i][8] = start + A·panel for `rows` rows: row i of A, `depth` long, lies at a + i·row. */
export function panel_product(
  rows: u32, depth: u32, a: usize, row: usize, panel: usize, start: usize, start_stride: usize, c: usize, c_stride: usize,
): void {
  for (let i: u32 = 0, height: u32 = 0; i < rows; i += height) {
    height = tile_height(rows - i);
    tile(
      height, depth, a + <usize>i * row, row, 4, panel, 32, start + <usize>i * start_stride, start_stride,
      c + <usize>i * c_stride, c_stride,
    );
  }
}
