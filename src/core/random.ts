/**
 * The random number generator: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as
 * 1, 2, 3; SC 2011). It is counter-based: it maps a counter to 64 random bits, so any element of any stream can be computed
 * independently. `assembly/state/random.ts` and `shaders/state/random.wgsl` produce the same bits.
 */
const parity = 0x1bd11bda;

/** Key of a stream: two 32-bit words. */
export type Key = readonly [number, number];

/** Rotation amounts of the four rounds in odd and even groups. One byte each, the first round in the lowest byte. */
const odd = 0x061a0f0d;
const even = 0x18101d11;

/**
 * Writes two random words to `out`. It uses signed arithmetic, because JavaScript engines represent larger integers as floats,
 * which is 10 times slower. Initial weights are computed before the JavaScript engine has optimized this function, so it avoids
 * array lookups and allocations, which made a network of 109,000 weights 1.5 times slower.
 */
function encrypt(out: Uint32Array, key: Key, counter0: number, counter1: number): void {
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  let k2 = k0 ^ k1 ^ parity;
  let x0 = (counter0 + k0) | 0;
  let x1 = (counter1 + k1) | 0;
  for (let group = 1; group <= 5; group++) {
    // A shift uses the lowest five bits of its amount, so the higher bytes do not matter, and -by is equivalent to 32 - by.
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

/** Returns two unsigned 32-bit words for a key and two counter words. */
export function threefry2x32(key: Key, counter0: number, counter1: number): [number, number] {
  const words = new Uint32Array(2);
  encrypt(words, key, counter0, counter1);
  return [words[0]!, words[1]!];
}

/** Derives the key of sub-stream `index`, such as the weights of a layer, the shuffling of an epoch, or a dropout mask. */
export function deriveKey(key: Key, index: number): Key {
  return threefry2x32(key, index >>> 0, 0x9e3779b9);
}

/** Converts a seed, any integer in ±2^53, to a key. */
export function keyFromSeed(seed: number): Key {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/**
 * Returns `count` uniform float32 values in [min, max): multiples of 2⁻²⁴ in [0, 1), which are exact in float32, then scaled.
 * Elements 2j and 2j+1 come from counter j.
 */
export function uniform(key: Key, count: number, stream = 0, min = 0, max = 1): Float32Array {
  const out = new Float32Array(count);
  const words = new Uint32Array(2);
  const scale = (max - min) * 2 ** -24;
  for (let index = 0; index < count; index += 2) {
    encrypt(words, key, index >>> 1, stream);
    out[index] = min + (words[0]! >>> 8) * scale;
    out[index + 1] = min + (words[1]! >>> 8) * scale; // for an odd count, the last write is out of bounds and ignored
  }
  return out;
}

/** Returns `count` standard normal float32 values, computed in float64 (Box and Muller 1958). */
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

/** Returns a random permutation of 0 … count − 1 (Fisher–Yates shuffle), uniform up to a bias of 2⁻³² per draw. */
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
