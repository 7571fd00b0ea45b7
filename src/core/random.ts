/**
 * The one random generator: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As
 * Easy as 1, 2, 3; SC 2011). A counter goes in, 64 random bits come out, so any element of any stream can be made
 * alone and in any order. `assembly/random.ts` and `shaders/random.wgsl` make the same bits.
 */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const parity = 0x1bd11bda;

/** A stream's key: two 32-bit words. */
export type Key = readonly [number, number];

/** Two unsigned 32-bit words from `key` and the counter words. */
export function threefry2x32(key: Key, counter0: number, counter1: number): [number, number] {
  const ks = [key[0] >>> 0, key[1] >>> 0, (key[0] ^ key[1] ^ parity) >>> 0];
  let x0 = (counter0 + ks[0]!) >>> 0;
  let x1 = (counter1 + ks[1]!) >>> 0;
  for (let round = 0; round < 20; round++) {
    const by = rotations[round & 7]!;
    x0 = (x0 + x1) >>> 0;
    x1 = (((x1 << by) | (x1 >>> (32 - by))) ^ x0) >>> 0;
    if ((round & 3) === 3) {
      const group = (round >> 2) + 1;
      x0 = (x0 + ks[group % 3]!) >>> 0;
      x1 = (x1 + ks[(group + 1) % 3]! + group) >>> 0;
    }
  }
  return [x0, x1];
}

/** The key of sub-stream `index` of `key`: a layer's weights, an epoch's shuffle, a dropout mask. */
export function deriveKey(key: Key, index: number): Key {
  return threefry2x32(key, index >>> 0, 0x9e3779b9);
}

/** The key of a user's seed: any integer in ±2^53. */
export function keyFromSeed(seed: number): Key {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** `count` values in [0, 1), multiples of 2⁻²⁴, so that float32 holds each exactly. Element 2j, 2j+1 come from block j. */
export function uniform(key: Key, count: number, stream = 0): Float32Array {
  const out = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const [a, b] = threefry2x32(key, index >>> 1, stream);
    out[index] = (a >>> 8) * 2 ** -24;
    if (index + 1 < count) out[index + 1] = (b >>> 8) * 2 ** -24;
  }
  return out;
}

/** `count` standard normal values by Box and Muller (1958), in float64 and then rounded. */
export function normal(key: Key, count: number): Float32Array {
  const out = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const [a, b] = threefry2x32(key, index >>> 1, 0);
    const radius = Math.sqrt(-2 * Math.log((a + 1) * 2 ** -32)); // (0, 1]: the logarithm stays finite
    const angle = 2 * Math.PI * (b * 2 ** -32);
    out[index] = radius * Math.cos(angle);
    if (index + 1 < count) out[index + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** A random order of 0 … count − 1 (Fisher and Yates), each order equally likely up to 2⁻³² a draw. */
export function permutation(key: Key, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const [bits] = threefry2x32(key, last, 0);
    const pick = Math.floor((bits / 2 ** 32) * (last + 1));
    [order[last], order[pick]] = [order[pick]!, order[last]!];
  }
  return order;
}
