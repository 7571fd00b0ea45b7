// Batched matrix product: C = activation(op(A)·op(B) + bias + extra), or the product times the derivative of an activation.
// Splits the product into tiles (matmul-micro.ts), packs the operands where that pays off (matmul-pack.ts), and uses dot products
// (matmul-dot.ts) or whole rows of B (matmul-row.ts) if there are too few rows for tiles.
//
// Node 20, one core of an AMD EPYC server, GFLOP/s, plain / relaxed SIMD (the tile alone reaches 38 / 56): 256³ 37 / 55 and 1024³
// 35 / 53 in every layout; 32×128×784 37 / 53; dW 784×128×32 33 / 48; dX 32×784×128 35 / 50; 32³ 32 / 44, 31³ 29 / 42, 33³ 26 /
// 35 (a fifth panel for one column; nine rows as 4 + 4 + 1 instead of 6 + 2 + 1 gained nothing).
//
// Threads split a product by matrices of the batch, by rows or by columns, whichever costs least. Each thread packs the data that
// it needs into its own scratch memory.
//
// The order of summation depends on the shape only: bias first, then k ascending within blocks of at most 256, which are added to
// C one after another (one row: the quarters of k interleaved; dot products: four interleaved partial sums).
import { MATMUL_COLUMNS, MATMUL_DEPTH, MATMUL_ROWS } from '../constants';
import { fma, load_tail, mul, one, relu, splat, store_tail, sub } from '../simd';
import { tile_rows } from './matmul-micro';
import { pack_columns, pack_rows, pack_side_by_side } from './matmul-pack';
import { dot_products } from './matmul-dot';
import { row_product } from './matmul-row';
import { tile, tile_height } from './matmul-tile';
import { part_begin, part_end, sharers, take } from '../runtime/share';
import { edge_tile, own_scratch } from '../runtime/workspace';
import { Address, Flag, FunctionIndex, OptionalAddress } from '../words';

/** Minimum number of rows for which packing B into panels pays off. */
const PACK_ROWS: u32 = 48;
/** Minimum number of columns for which a transposed A is packed. It is contiguous along i, but the next k is a whole row away. */
const PACK_COLUMNS: u32 = 64;
/** With fewer rows than this, a transposed B is used by dot products instead of being packed. */
const DOT_ROWS: u32 = 8;

// The epilogue applied to the sums after the last block of k. It is the same for the whole product.
let activation: u32 = 0;
/** Byte offset from an element of C to the corresponding element of `extra`; 0 if absent. */
let extra: usize = 0;
/** Added to every sum: the bias of a single column. */
let offset: f32 = 0;
/** Whether there is an epilogue. */
let finishes: bool = false;

/** Applies the epilogue to `rows` × `columns` sums of C, the first at c. */
function finish(c: usize, stride: usize, rows: u32, columns: u32): void {
  const b = splat(offset);
  for (; rows > 0; rows--, c += stride) {
    let at = c;
    for (let left = <i32>columns; left > 0; left -= 4, at += 16) {
      let v = f32x4.add(load_some(at, left), b);
      if (extra != 0) {
        const e = load_some(at + extra, left);
        if (activation == 2) v = v128.and(v, f32x4.gt(e, splat(0)));
        else if (activation == 3) v = mul(v, mul(e, sub(one(), e)));
        else if (activation == 4) v = mul(v, sub(one(), mul(e, e)));
        else v = f32x4.add(v, e);
      }
      if (activation == 1) v = relu(v);
      else if (activation > 4) v = call_indirect<v128>(activation, v);
      if (left < 4) store_tail(at, v, left);
      else v128.store(at, v);
    }
  }
}

/** Loads the first four floats at `p`, or `left` floats if fewer remain. */
function load_some(p: usize, left: u32): v128 {
  return left < 4 ? load_tail(p, left, 0) : v128.load(p);
}

/** Copies `rows` rows of `columns` floats. */
function copy_tile(d: usize, d_stride: usize, s: usize, s_stride: usize, rows: u32, columns: u32): void {
  for (; rows > 0; rows--, d += d_stride, s += s_stride) {
    for (let j: u32 = 0; j < columns; j++) store<f32>(d + (<usize>j << 2), load<f32>(s + (<usize>j << 2)));
  }
}

/**
 * Computes rows i_first … i_last and columns j_first … j_last of C[m][n]. The column bounds are multiples of 8 or the edge. A(i,
 * k) is at a + i·row + k·step and B(k, j) at b + k·b_step + j·b_column; one of the two strides of B is 4.
 */
function product(
  a: usize, row: usize, step: usize, b: usize, b_step: usize, b_column: usize, c: usize, bias: usize,
  m: u32, n: u32, k: u32, scratch: usize, i_first: u32, i_last: u32, j_first: u32, j_last: u32,
): void {
  const c_stride = <usize>n << 2;
  if (m == 1 && b_column == 4) {
    const wide = min(j_last, n & ~15); // threads split at multiples of 32
    if (j_first < wide) {
      const from = <usize>j_first << 2;
      row_product(a, step, b + from, b_step, c + from, bias != 0 ? bias + from : 0, k, wide - j_first);
      if (finishes) finish(c + from, 0, 1, wide - j_first);
      j_first = wide;
    }
  }
  const edge = edge_tile();
  const zeros = edge + 192; // 32 bytes
  const edge_bias = edge + 224;
  for (let at: usize = 0; at < 64; at += 16) v128.store(zeros + at, splat(0));
  const tail = n & 7;
  if (bias != 0) copy_tile(edge_bias, 0, bias + (<usize>(n - tail) << 2), 0, 1, tail);
  const direct = b_column == 4 && m < PACK_ROWS; // B is read in place, except for the last few columns
  const pack_a = step != 4 && n >= PACK_COLUMNS;
  const blocks = max<u32>(1, (k + MATMUL_DEPTH - 1) / MATMUL_DEPTH);
  const block_depth = (k + blocks - 1) / blocks;
  // This many columns before the last few are recomputed together with them, with identical bits, so that no partial tile
  // remains. Not possible where these columns belong to another thread or where C is accumulated.
  const again: u32 = blocks == 1 && n - tail >= j_first + 8 ? 8 - tail : 0;

  for (let j0 = j_first; j0 < j_last; j0 += MATMUL_COLUMNS) {
    const columns = min(j_last - j0, MATMUL_COLUMNS);
    for (let k0: u32 = 0, block: u32 = 0; block < blocks; block++, k0 += block_depth) {
      const depth = min(k - k0, block_depth);
      const panel_bytes = <usize>depth << 5;
      const a_panels = scratch + (direct ? panel_bytes : <usize>((columns + 7) >> 3) * panel_bytes);
      const b_block = b + <usize>k0 * b_step + <usize>j0 * b_column;
      for (let j: u32 = 0; j < columns; j += 8) {
        const over = columns - j < 8 ? again : 0;
        const width = min(columns - j + over, 8);
        const panel = direct ? scratch : scratch + <usize>(j >> 3) * panel_bytes;
        const from = b_block + <usize>(j - over) * b_column;
        if (b_column != 4) pack_columns(panel, from, b_column, depth, width);
        else if (!direct || width < 8) pack_rows(panel, from, b_step, depth, width);
      }
      const finished = finishes && block == blocks - 1;
      for (let i0 = i_first; i0 < i_last; i0 += MATMUL_ROWS) {
        const rows = min(i_last - i0, MATMUL_ROWS);
        const a_block = a + <usize>i0 * row + <usize>k0 * step;
        if (pack_a) {
          for (let i: u32 = 0, height: u32 = 0; i < rows; i += height) {
            height = tile_height(rows - i);
            pack_side_by_side(a_panels + <usize>(i * depth << 2), a_block + <usize>i * row, step, depth, height);
          }
        }
        for (let j: u32 = 0; j < columns; j += 8) {
          const over = columns - j < 8 ? again : 0;
          const width = min(columns - j + over, 8);
          const in_place = direct && width == 8;
          const panel = in_place
            ? b_block + (<usize>(j - over) << 2)
            : direct ? scratch : scratch + <usize>(j >> 3) * panel_bytes;
          const stride: usize = in_place ? b_step : 32;
          const column = <usize>(j0 + j - over) << 2;
          const first_start = bias == 0 ? zeros : width == 8 ? bias + column : edge_bias;
          for (let i: u32 = 0, height: u32 = 0; i < rows; i += height) {
            height = tile_height(rows - i);
            const target = c + <usize>(i0 + i) * c_stride + column;
            const a_tile = pack_a ? a_panels + <usize>(i * depth << 2) : a_block + <usize>i * row;
            const a_row: usize = pack_a ? 4 : row;
            const a_step: usize = pack_a ? <usize>height << 2 : step;
            if (width == 8) {
              const start = block == 0 ? first_start : target;
              const start_stride: usize = block == 0 ? 0 : c_stride;
              tile(height, depth, a_tile, a_row, a_step, panel, stride, start, start_stride, target, c_stride);
            } else {
              if (block != 0) copy_tile(edge, 32, target, c_stride, height, width);
              const start = block == 0 ? first_start : edge;
              tile(height, depth, a_tile, a_row, a_step, panel, stride, start, block == 0 ? 0 : 32, edge, 32);
              copy_tile(target, c_stride, edge, 32, height, width);
            }
            if (finished) finish(target, c_stride, height, width);
          }
        }
      }
    }
  }
}

/** Whether to use dot products: both operands are contiguous along k, and there are too few rows to amortise packing B. */
@inline
function takes_dots(m: u32, n: u32, step: usize, b_step: usize, b_column: usize): bool {
  return b_step == 4 && (b_column != 4 || n == 1) && step == 4 && m < DOT_ROWS;
}

/**
 * Computes rows i0 … i1 and columns j0 … j1 of one matrix of the batch. The algorithm is chosen from the shape of the whole
 * matrix.
 */
function single(
  a: usize, row: usize, step: usize, b: usize, b_step: usize, b_column: usize, c: usize, bias: usize,
  m: u32, n: u32, k: u32, scratch: usize, i0: u32, i1: u32, j0: u32, j1: u32,
): void {
  if (n == 1 && m > 1) {
    // One column: Cᵀ = Bᵀ·Aᵀ has one row. The bias is then a single value, `offset`.
    single(b, 0, b_step, a, step, row, c, 0, 1, m, k, scratch, 0, 1, i0, i1);
  } else if (takes_dots(m, n, step, b_step, b_column)) {
    dot_products(a, row, b, b_column, c, bias, m, n, k, j0, j1);
    if (finishes) finish(c + (<usize>j0 << 2), <usize>n << 2, m, j1 - j0);
  } else {
    product(a, row, step, b, b_step, b_column, c, bias, m, n, k, scratch, i0, i1, j0, j1);
  }
}

/** What threads split: matrices of the batch, rows or columns. */
const MATRICES: u32 = 0;
const ROWS: u32 = 1;
const COLUMNS: u32 = 2;

/** Number of rows or columns of a product whose cost equals reading and packing the other operand once more. */
const READ_COST: f64 = 6;

/** Size of the largest part when `count` is split in multiples of `unit`. */
function largest_part(count: u32, unit: u32): f64 {
  const threads = sharers();
  const units = (count + unit - 1) / unit;
  return <f64>min(count, (units + threads - 1) / threads * unit);
}

/**
 * Chooses the split with the smallest largest part. Threads that split the rows each read all of B; threads that split the
 * columns each read all of A. One column can only be split by rows, and dot products only by columns, because they have few rows.
 */
function sharing(m: u32, n: u32, batch: u32, dots: bool): u32 {
  const by_matrices = largest_part(batch, 1) * <f64>m * <f64>n;
  const by_rows = <f64>batch * <f64>n * (largest_part(m, n == 1 ? 32 : tile_rows) + READ_COST);
  const by_columns = <f64>batch * <f64>m * (largest_part(n, m == 1 ? 32 : 8) + READ_COST);
  const way = n == 1 ? ROWS : dots || by_columns <= by_rows ? COLUMNS : ROWS;
  return by_matrices <= (way == ROWS ? by_rows : by_columns) ? MATRICES : way;
}

/** The words of `matmul`. */
@unmanaged
export class MatmulWords {
  /** f32[batch][m][k], or [k][m] when transposed. */
  a: Address;
  /** f32[batch][k][n], or [n][k] when transposed. */
  b: Address;
  /** f32[batch][m][n]; must not overlap an operand. */
  c: Address;
  /** f32[n] */
  bias: OptionalAddress;
  /** Rows of c. */
  m: u32;
  /** Columns of c. */
  n: u32;
  /** Size of the contracted dimension. */
  k: u32;
  /** Whether a is stored as [k][m]. */
  transposeA: Flag;
  /** Whether b is stored as [n][k]. */
  transposeB: Flag;
  /** Number of matrices of c. */
  batch: u32;
  /** Elements from one matrix of a to the next in the batch; 0 if all use the same matrix. */
  strideA: u32;
  /** The same for b. */
  strideB: u32;
  /** The same for c. */
  strideC: u32;
  /**
   * 0 none, 1 relu; 2, 3, 4 multiply by the derivative of relu, sigmoid, tanh; otherwise the index of a function on four lanes.
   */
  activation: FunctionIndex;
  /**
   * 4·min(k, MATMUL_DEPTH)·(min(n, MATMUL_COLUMNS) rounded up to TILE_COLUMNS + min(m, MATMUL_ROWS) rounded up to
   * TILE_ROWS_MULTIPLE) bytes, at least 64; independent of the batch size. Not used if threads share the product.
   */
  scratch: Address;
  /** f32[batch][m][n] like c: the addend before the activation, or the output of the activation whose derivative is applied. */
  extra: OptionalAddress;
}

export function matmul(words: MatmulWords): void {
  const bias = words.bias;
  let m = words.m;
  const n = words.n;
  const k = words.k;
  const transpose_a = words.transposeA;
  const transpose_b = words.transposeB;
  let batch = words.batch;
  const stride_a = words.strideA;
  const stride_b = words.strideB;
  const stride_c = words.strideC;
  activation = words.activation;
  if (m == 0 || n == 0) return;
  if (batch > 1 && stride_b == 0 && !transpose_a && stride_a == m * k && stride_c == m * n) {
    m *= batch; // one B for all: the rows of all matrices form one matrix
    batch = 1;
  }
  let a = words.a, b = words.b, c = words.c;
  const row: usize = transpose_a ? 4 : <usize>k << 2;
  const step: usize = transpose_a ? <usize>m << 2 : 4;
  const b_step: usize = transpose_b ? 4 : <usize>n << 2;
  const b_column: usize = transpose_b ? <usize>k << 2 : 4;

  let i0: u32 = 0, i1 = m, j0: u32 = 0, j1 = n, first: u32 = 0, last = batch;
  const way = sharers() > 1 ? sharing(m, n, batch, takes_dots(m, n, step, b_step, b_column)) : MATRICES;
  const work = 0.04 * <f64>batch * <f64>m * <f64>n * <f64>(k + 8); // estimated nanoseconds
  if (way == MATRICES) {
    if (!take(batch, 1, work)) return;
    first = part_begin;
    last = part_end;
  } else if (way == ROWS) {
    if (!take(m, n == 1 ? 32 : tile_rows, work)) return;
    i0 = part_begin;
    i1 = part_end;
  } else {
    if (!take(n, m == 1 ? 32 : 8, work)) return;
    j0 = part_begin;
    j1 = part_end;
  }
  extra = words.extra;
  if (extra != 0) extra -= c;
  offset = n == 1 && m > 1 && bias != 0 ? load<f32>(bias) : 0;
  finishes = (activation | extra) != 0 || offset != 0;
  const scratch = sharers() == 1 ? words.scratch : own_scratch();
  a += <usize>first * <usize>stride_a << 2;
  b += <usize>first * <usize>stride_b << 2;
  c += <usize>first * <usize>stride_c << 2;
  for (; first < last; first++) {
    single(a, row, step, b, b_step, b_column, c, bias, m, n, k, scratch, i0, i1, j0, j1);
    a += <usize>stride_a << 2;
    b += <usize>stride_b << 2;
    c += <usize>stride_c << 2;
  }
}
