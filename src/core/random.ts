/**
 * The one random generator: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As
 * Easy as 1, 2, 3; SC 2011). A counter goes in, 64 random bits come out, so any element of any stream can be made
 * alone and in any order. `assembly/state/random.ts` and `shaders/state/random.wgsl` make the same bits.
 */
const parity = 0x1bd11bda;

/** A stream's key: two 32-bit words. */
export type Key = readonly [number, number];

/** How far each of four rounds turns a word, a byte each, the first lowest: of the odd groups and the even ones. */
const odd = 0x061a0f0d;
const even = 0x18101d11;

/**
 * Puts two words into `out`. Signed arithmetic: an engine keeps signed 32-bit numbers in registers, and makes larger ones
 * floats, which takes ten times as long. First weights are drawn before an engine has compiled any of this, so nothing is
 * taken from a list, and nothing made that has to be collected: a network of 109,000 weights took 1.5 times as long else.
 */
function encrypt(out: Uint32Array, key: Key, counter0: number, counter1: number): void {
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  let k2 = k0 ^ k1 ^ parity;
  let x0 = (counter0 + k0) | 0;
  let x1 = (counter1 + k1) | 0;
  for (let group = 1; group <= 5; group++) {
    // shifts look at five bits, so the bytes above do not matter, and -by is 32 - by
    for (let by = group & 1 ? odd : even; by > 0; by >>= 8) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << by) | (x1 >>> -by)) ^ x0;
    }
    const first = k0;
    k0 = k1;
    k1 = k2;
    k2 = first;
    x0 = (x0 + k0) | 0;
    x1 = (x1 + k1 + group) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}

/** Two unsigned 32-bit words from `key` and the counter words. */
export function threefry2x32(key: Key, counter0: number, counter1: number): [number, number] {
  const words = new Uint32Array(2);
  encrypt(words, key, counter0, counter1);
  return [words[0]!, words[1]!];
}

/** The key of sub-stream `index` of `key`: a layer's weights, an epoch's shuffle, a dropout mask. */
export function deriveKey(key: Key, index: number): Key {
  return threefry2x32(key, index >>> 0, 0x9e3779b9);
}

/** The key of a user's seed: any integer in ±2^53. */
export function keyFromSeed(seed: number): Key {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/**
 * `count` values in [0, 1), multiples of 2⁻²⁴, so that float32 holds each exactly, laid over [min, max). Element 2j, 2j+1 come
 * from block j.
 */
export function uniform(key: Key, count: number, stream = 0, min = 0, max = 1): Float32Array {
  const out = new Float32Array(count);
  const words = new Uint32Array(2);
  const scale = (max - min) * 2 ** -24;
  for (let index = 0; index < count; index += 2) {
    encrypt(words, key, index >>> 1, stream);
    out[index] = min + (words[0]! >>> 8) * scale;
    out[index + 1] = min + (words[1]! >>> 8) * scale; // behind the end of an odd count, where nothing is written
  }
  return out;
}

/** `count` standard normal values by Box and Muller (1958), in float64 and then rounded. */
export function normal(key: Key, count: number): Float32Array {
  const out = new Float32Array(count);
  const words = new Uint32Array(2);
  for (let index = 0; index < count; index += 2) {
    encrypt(words, key, index >>> 1, 0);
    const radius = Math.sqrt(-2 * Math.log((words[0]! + 1) * 2 ** -32)); // (0, 1]: the logarithm stays finite
    const angle = 2 * Math.PI * (words[1]! * 2 ** -32);
    out[index] = radius * Math.cos(angle);
    out[index + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** A random order of 0 … count − 1 (Fisher and Yates), each order equally likely up to 2⁻³² a draw. */
export function permutation(key: Key, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  const words = new Uint32Array(2);
  for (let last = count - 1; last > 0; last--) {
    encrypt(words, key, last, 0);
    const pick = Math.floor((words[0]! / 2 ** 32) * (last + 1));
    [order[last], order[pick]] = [order[pick]!, order[last]!];
  }
  return order;
}
