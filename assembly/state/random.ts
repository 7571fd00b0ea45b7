// The counter-based generator Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011), four blocks at a time. It produces the same bits as src/core/random.ts and the WGSL version.
//
// Block j of a step is the cipher of the counter (j, step) under the key. Element 2j takes word 0, element 2j + 1 word 1.
// A uniform number is (word >>> 8)·2⁻²⁴, in [0, 1).
import { part_begin, part_end, take } from '../runtime/part';
import { interleave_high, interleave_low, splat, store_tail } from '../simd';
import { Address } from '../words';

const PARITY: u32 = 0x1bd11bda;

@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

// A round is x0 += x1, x1 = rotate(x1) ^ x0. After every four rounds, one word of the key is added to each half, and the index of
// the injection to the second half. AssemblyScript functions return a single value, so the code for the pair is written out.

/** `threefry` stores the second word here. */
let second: v128 = i32x4.splat(0);

/** Returns the first words of four blocks with the counters (c0, c1), and stores the second words in `second`. */
@inline
function threefry(key0: u32, key1: u32, c0: v128, c1: v128): v128 {
  const k0 = i32x4.splat(key0), k1 = i32x4.splat(key1), k2 = i32x4.splat(PARITY ^ key0 ^ key1);
  let x0 = i32x4.add(c0, k0), x1 = i32x4.add(c1, k1);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k1); x1 = i32x4.add(i32x4.add(x1, k2), i32x4.splat(1));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 17), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 29), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 16), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 24), x0);
  x0 = i32x4.add(x0, k2); x1 = i32x4.add(i32x4.add(x1, k0), i32x4.splat(2));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k0); x1 = i32x4.add(i32x4.add(x1, k1), i32x4.splat(3));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 17), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 29), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 16), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 24), x0);
  x0 = i32x4.add(x0, k1); x1 = i32x4.add(i32x4.add(x1, k2), i32x4.splat(4));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotate(x1, 6), x0);
  second = i32x4.add(i32x4.add(x1, k0), i32x4.splat(5));
  return i32x4.add(x0, k2);
}

@inline
function uniform(bits: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), splat(5.9604644775390625e-8));
}

/** Returns the uniform number itself; for dropout, `kept` where it is not below the rate, otherwise 0. */
@inline
function finish(dropout: bool, u: v128, rate: v128, kept: v128): v128 {
  return dropout ? v128.and(f32x4.ge(u, rate), kept) : u;
}

/** The words of `random_uniform`. */
@unmanaged
export class RandomUniformWords {
  /** f32[count] */
  out: Address;
  /** Number of elements. */
  count: u32;
  /** The first half of the key. */
  key0: u32;
  /** The second half of the key. */
  key1: u32;
  /** int32[1] */
  step: Address;
}

@inline
function generate(dropout: bool, words: RandomUniformWords, rate: f32): void {
  const n = words.count;
  if (!take(n, 64, 2 * <f64>n)) return;
  let out = words.out + (<usize>part_begin << 2);
  let count = part_end - part_begin;
  const key0 = words.key0, key1 = words.key1;
  const step = i32x4.splat(load<u32>(words.step));
  const r = splat(rate), kept = splat(<f32>1 / (<f32>1 - rate));
  let block = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(part_begin >> 1)); // two elements per block
  while (count > 0) {
    const first = threefry(key0, key1, block, step);
    const low = finish(dropout, uniform(interleave_low(first, second)), r, kept);
    const high = finish(dropout, uniform(interleave_high(first, second)), r, kept);
    block = i32x4.add(block, i32x4.splat(4));
    if (count >= 8) {
      v128.store(out, low);
      v128.store(out, high, 16);
      out += 32;
      count -= 8;
      continue;
    }
    if (count < 4) {
      store_tail(out, low, count);
      return;
    }
    v128.store(out, low);
    if (count > 4) store_tail(out + 16, high, count - 4);
    return;
  }
}

export function random_uniform(words: RandomUniformWords): void {
  generate(false, words, 0);
}

/** The words of `dropout_mask`. */
@unmanaged
export class DropoutMaskWords extends RandomUniformWords {
  /** The probability of a zero. */
  rate: f32;
}

/** out = 1/(1 − rate) where the uniform number ≥ rate, otherwise 0. */
export function dropout_mask(words: DropoutMaskWords): void {
  generate(true, words, words.rate);
}
