// A few rows times a transposed matrix, C[i][j] = A[i]·B[j]: both operands are contiguous along k, so each result is a dot
// product and nothing need be packed. Also serves every product with one column, its operands exchanged (see matmul.ts).
import { add, fma, high_halves, interleave_high, interleave_low, load_tail, low_halves, splat, store_tail } from './simd';

/** (sum of a, sum of b, sum of c, sum of d) */
@inline
function sum_four(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = add(interleave_low(a, b), interleave_high(a, b));
  const cd = add(interleave_low(c, d), interleave_high(c, d));
  return add(low_halves(ab, cd), high_halves(ab, cd));
}

/** Four dot products of `a` with the rows at b, b + s1, b + s2 and b + s3; two partial sums of four lanes each. */
function four_dots(a: usize, b: usize, s1: usize, s2: usize, s3: usize, k: u32): v128 {
  let p0 = splat(0), p1 = splat(0), p2 = splat(0), p3 = splat(0);
  let q0 = splat(0), q1 = splat(0), q2 = splat(0), q3 = splat(0);
  let b1 = b + s1, b2 = b + s2, b3 = b + s3;
  for (; k >= 8; k -= 8) {
    let x = v128.load(a);
    p0 = fma(x, v128.load(b), p0);
    p1 = fma(x, v128.load(b1), p1);
    p2 = fma(x, v128.load(b2), p2);
    p3 = fma(x, v128.load(b3), p3);
    x = v128.load(a, 16);
    q0 = fma(x, v128.load(b, 16), q0);
    q1 = fma(x, v128.load(b1, 16), q1);
    q2 = fma(x, v128.load(b2, 16), q2);
    q3 = fma(x, v128.load(b3, 16), q3);
    a += 32;
    b += 32;
    b1 += 32;
    b2 += 32;
    b3 += 32;
  }
  if (k >= 4) {
    const x = v128.load(a);
    p0 = fma(x, v128.load(b), p0);
    p1 = fma(x, v128.load(b1), p1);
    p2 = fma(x, v128.load(b2), p2);
    p3 = fma(x, v128.load(b3), p3);
    a += 16;
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    k -= 4;
  }
  if (k > 0) {
    const x = load_tail(a, k, 0);
    q0 = fma(x, load_tail(b, k, 0), q0);
    q1 = fma(x, load_tail(b1, k, 0), q1);
    q2 = fma(x, load_tail(b2, k, 0), q2);
    q3 = fma(x, load_tail(b3, k, 0), q3);
  }
  return sum_four(add(p0, q0), add(p1, q1), add(p2, q2), add(p3, q3));
}

/**
 * Columns j0 … j1 of C[m][n] = A·Bᵀ + bias: row i of A at a + i·row, row j of B at b + j·column, both contiguous along k.
 */
export function dot_products(
  a: usize, row: usize, b: usize, column: usize, c: usize, bias: usize, m: u32, n: u32, k: u32, j0: u32, j1: u32,
): void {
  const first = b + <usize>j0 * column;
  c += <usize>j0 << 2;
  for (let i: u32 = 0; i < m; i++, a += row, c += <usize>(n - (j1 - j0)) << 2) {
    for (let j = j0, at = first; j < j1; j += 4, at += column << 2) {
      const width = min<u32>(4, j1 - j);
      const s1 = width > 1 ? column : 0; // beyond the last row of B the first is read again
      const s2 = width > 2 ? column << 1 : 0;
      const s3 = width > 3 ? column * 3 : 0;
      let v = four_dots(a, at, s1, s2, s3, k);
      const start = bias + (<usize>j << 2);
      if (width == 4) {
        if (bias != 0) v = add(v, v128.load(start));
        v128.store(c, v);
      } else {
        if (bias != 0) v = add(v, load_tail(start, width, 0));
        store_tail(c, v, width);
      }
      c += <usize>width << 2;
    }
  }
}
