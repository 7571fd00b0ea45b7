// A few rows times a transposed matrix, C[i][j] = A[i]·B[j]: both operands are contiguous along k, so each result is a dot
// product and nothing need be packed. Also serves every product with one column, its operands exchanged (see matmul.ts).
//
// Bound by reading B. Six products at a time hide the latency of the additions, and load A once for six loads of B. They
// walk six ranges of B that are each contiguous, so that the machine goes on fetching ahead at the end of a row. Node 20,
// relaxed, GB/s of B: 4096² (64 MiB) 26 of the 39 that reading alone takes, 1024² 77 of 99, 784×128 77 of 105; neighbouring
// rows in place of ranges a fifth less beyond the caches; five ranges 1024² 68; four rows with two sums each 4096² 21, 1024² 65.
import { fma, load_tail, splat, sum_lanes } from '../simd';
import { table } from '../runtime/workspace';

/**
 * to[6][4] = partial sums over `bytes` bytes of four elements each: what ends at `a` times what begins at b + d0 … b + d5.
 * All addresses are computed here: V8 copies a parameter into another register each time before it loads from it.
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
 * Columns j0 … j1 of C[m][n] = A·Bᵀ + bias: row i of A at a + i·row, row j of B at b + j·column, both contiguous along k.
 */
export function dot_products(
  a: usize, row: usize, b: usize, column: usize, c: usize, bias: usize, m: u32, n: u32, k: u32, j0: u32, j1: u32,
): void {
  // Six ranges of `length` columns; those that do not come out even overlap, and give the same again.
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
