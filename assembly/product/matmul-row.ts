// Multiplies one row by a matrix, C = bias + a·B. It is bound by reading B.
//
// Four rows of B at a time are added to C, which stays in the L1 cache. The four rows come from the four quarters of B, so that
// each quarter is read contiguously from start to end and hardware prefetching continues. Node 20, relaxed SIMD, GB/s of B: 4096²
// (64 MiB) 30 (reading alone: 39), 1024² 64 (99), 784×128 81 (105). Four neighbouring rows reached 24, 58 and 69; strips of 32
// columns with C in registers 11, 31 and 77. Beyond the caches two rows reached 24, three 29, six 25, and C in blocks of 1024
// columns 15.
// Each sum is stored before the next one starts: V8 moves all loads of a block to its start, as far as stores permit, and would
// spill.
import { fma } from '../simd';

/** c + s0·x0 + s1·x1 + s2·x2 + s3·x3 */
@inline
function add_products(c: v128, s0: v128, x0: v128, s1: v128, x1: v128, s2: v128, x2: v128, s3: v128, x3: v128): v128 {
  return fma(s3, x3, fma(s2, x2, fma(s1, x1, fma(s0, x0, c))));
}

/**
 * Adds the products of four elements of a and four rows of B to the `bytes` bytes that end at `end`. The elements of a are
 * `apart` bytes apart. The first row is at b, and each further row is `rows` bytes after the previous one. `bytes` is a multiple
 * of the cache line size.
 */
@inline
function add_four(a: usize, apart: usize, b: usize, rows: usize, end: usize, bytes: usize): void {
  const s0 = v128.load_splat<f32>(a), s1 = v128.load_splat<f32>(a + apart);
  const s2 = v128.load_splat<f32>(a + apart * 2), s3 = v128.load_splat<f32>(a + apart * 3);
  let b1 = b + rows, b2 = b1 + rows, b3 = b2 + rows;
  for (let c = end - bytes; c != end; c += 64) {
    let sum = add_products(v128.load(c), s0, v128.load(b), s1, v128.load(b1), s2, v128.load(b2), s3, v128.load(b3));
    v128.store(c, sum);
    sum = add_products(
      v128.load(c, 16), s0, v128.load(b, 16), s1, v128.load(b1, 16), s2, v128.load(b2, 16), s3, v128.load(b3, 16),
    );
    v128.store(c, sum, 16);
    sum = add_products(
      v128.load(c, 32), s0, v128.load(b, 32), s1, v128.load(b1, 32), s2, v128.load(b2, 32), s3, v128.load(b3, 32),
    );
    v128.store(c, sum, 32);
    sum = add_products(
      v128.load(c, 48), s0, v128.load(b, 48), s1, v128.load(b1, 48), s2, v128.load(b2, 48), s3, v128.load(b3, 48),
    );
    v128.store(c, sum, 48);
    b += 64;
    b1 += 64;
    b2 += 64;
    b3 += 64;
  }
}

/** Computes `n` columns, a multiple of 16. Element k of a is at a + k·step, row k of B at b + k·stride. bias is 0 if absent. */
export function row_product(a: usize, step: usize, b: usize, stride: usize, c: usize, bias: usize, k: u32, n: u32): void {
  const bytes = <usize>n << 2;
  if (bias != 0) memory.copy(c, bias, bytes);
  else memory.fill(c, 0, bytes);
  const quarter = k >> 2;
  const rows = quarter * stride;
  let at: usize = 0;
  for (; at < rows; at += stride, a += step) add_four(a, quarter * step, b + at, rows, c + bytes, bytes);
  a += quarter * step * 3;
  b += rows << 2;
  for (k &= 3; k > 0; k--, a += step, b += stride) {
    const s = v128.load_splat<f32>(a);
    for (let j: usize = 0; j < bytes; j += 16) v128.store(c + j, fma(s, v128.load(b + j), v128.load(c + j)));
  }
}
