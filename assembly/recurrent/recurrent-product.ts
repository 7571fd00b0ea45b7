// The matrix products inside a recurrent cell: at every step, a few rows times the recurrent kernel or its transpose. The
// separate kernel `recurrent_pack` packs the recurrent kernel into panels once per call; recurrent.ts and recurrent-gradient.ts
// use these panels at every step. Units are processed in blocks of TILE_COLUMNS; the last block is padded with zeros.
import { TILE_COLUMNS } from '../constants';
import { pack_columns, pack_rows } from '../product/matmul-pack';
import { tile, tile_height } from '../product/matmul-tile';
import { part_begin, part_end, take } from '../runtime/part';
import { Address, Flag } from '../words';

/** Eight zeros: the start value of a sum. */
export const ZEROS: usize = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Number of rows that traverse all steps together, a multiple of the height of every tile. They read the panels once per step; 24
 * rows took 8 % longer, 48 rows 2 %.
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
   * f32[blocks][gates][units][8]: block b of a gate holds its columns 8·b … 8·b + 7. Transposed: f32[blocks][gates·units][8],
   * with rows 8·b … 8·b + 7 of the kernel interleaved.
   */
  panels: Address;
  /** Number of units of the cell. */
  units: u32;
  /** Number of gates of the cell. */
  gates: u32;
  /** Whether the products use the transposed kernel. */
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

/** C[i][8] = start + A·panel for `rows` rows. Row i of A has `depth` elements and is at a + i·row. */
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
