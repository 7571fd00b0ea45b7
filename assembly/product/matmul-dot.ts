// Multiplies a few rows by a transposed matrix, C[i][j] = A[i]·B[j]. Both operands are contiguous along k, so each result is a
// dot product and no packing is needed. Products with one column also use it, with their operands exchanged (see matmul.ts).
//
// The kernel is bound by reading B. Six dot products at a time hide the latency of the additions and load A once per six loads of
// B. They traverse six ranges of B, each contiguous, so that hardware prefetching continues at the end of a row. Node 20, relaxed
// SIMD, GB/s of B: 4096² (64 MiB) 26 (reading alone: 39), 1024² 77 (99), 784×128 77 (105). Neighbouring rows instead of ranges
// are a fifth slower beyond the caches; five ranges reach 68 for 1024²; four rows with two sums each reach 21 for 4096² and 65
// for 1024².
// rows in place of ranges a fifth less beyond the caches; five ranges 1024² 68; four rows with two sums each 4096² 21, 1024² 65.
import { fma, load_tail, splat, sum_lanes } from '../simd';
import { table } from '../runtime/workspace';

/**
 * Writes the partial sums of six dot products to to[6][4], over `bytes` bytes of each operand: the range that ends at `a` times
 * the ranges that start at b + d0 … b + d5. All addresses are computed here, because V8 copies a parameter into another register
 * before each load from it.
 */
function six_dots(
  bytes: usize, a: usize, b: usize, d0: usize, d1: usize, d2: usize, d3: usize, d4: usize, d5: usize, to: usize,
): void {
  let b0 = b + d0, b1 = b + d1, b2 = b + d2, b3 = b + d3, b4 = b + d4, b5 = b + d5, x0 = a - bytes;
  let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0), s4 = splat(0), s5 = splat(0);
  for (; x0 != a; x0 += 16) {
    const x = v128.load(x0);
    s0 = fma(x, v128.load(b0), s0);
    s1 = fma(x, v128.load(b1), s1);
    s2 = fma(x, v128.load(b2), s2);
    s3 = fma(x, v128.load(b3), s3);
    s4 = fma(x, v128.load(b4), s4);
    s5 = fma(x, v128.load(b5), s5);
    b0 += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    b4 += 16;
    b5 += 16;
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
  v128.store(to, s4, 64);
  v128.store(to, s5, 80);
}

/**
 * Computes columns j0 … j1 of C[m][n] = A·Bᵀ + bias. Row i of A is at a + i·row, row j of B at b + j·column; both are contiguous
 * along k.
 */
export function dot_products(
  a: usize, row: usize, b: usize, column: usize, c: usize, bias: usize, m: u32, n: u32, k: u32, j0: u32, j1: u32,
): void {
  // Six ranges of `length` columns. If they do not divide evenly, they overlap and recompute identical results.
  const length = (j1 - j0 + 5) / 6;
  const last = j1 - length;
  const sums = table();
  const left = k & 3;
  const whole = <usize>(k - left) << 2;
  for (let i: u32 = 0; i < m; i++, a += row, c += <usize>n << 2) {
    for (let j = j0; j < j0 + length; j++) {
      const ahead = j - j0;
      six_dots(
        whole, a + whole, b, <usize>j * column, <usize>(ahead + min(j0 + length, last)) * column,
        <usize>(ahead + min(j0 + length * 2, last)) * column, <usize>(ahead + min(j0 + length * 3, last)) * column,
        <usize>(ahead + min(j0 + length * 4, last)) * column, <usize>(ahead + last) * column, sums,
      );
      for (let range: u32 = 0; range < 6; range++) {
        const at = ahead + min(j0 + length * range, last);
        let sum = v128.load(sums + (<usize>range << 4));
        if (left > 0) sum = fma(load_tail(a + whole, left, 0), load_tail(b + <usize>at * column + whole, left, 0), sum);
        let total = sum_lanes(sum);
        if (bias != 0) total += load<f32>(bias + (<usize>at << 2));
        store<f32>(c + (<usize>at << 2), total);
      }
    }
  }
}
