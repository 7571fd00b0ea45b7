/**
 * The inner loop of float64 matrix products: one tile of 4 × 4 elements, as a WebAssembly function with 2-lane SIMD. The
 * JavaScript version is for pages whose content security policy forbids WebAssembly. Both add in the same order, so their
 * results are bitwise equal.
 */

/**
 * c[i][j] += Σ a[i][k] · b[k][j] for i, j < 4 and k < count, in order of k. All arguments except `count` are in bytes: `a`,
 * `b` and `c` are offsets; `aRow` and `cRow` are row strides; `aStep` and `bStep` are strides along k. The four columns of b
 * and c are adjacent.
 */
export type TileProduct = (
  a: number,
  aRow: number,
  aStep: number,
  b: number,
  bStep: number,
  c: number,
  cRow: number,
  count: number,
) => void;

/** Zero-initialized memory and the tile product that works on it. */
export interface TileMemory {
  readonly values: Float64Array;
  readonly product: TileProduct;
}

/** For fewer values, compiling the WebAssembly module takes longer than it saves. */
const minWasmLength = 2 ** 14;

/**
 * Allocates memory for `length` values.
 *
 * @param useScript uses the JavaScript version. Default: for small lengths
 */
export function tileMemory(length: number, useScript: boolean = length < minWasmLength): TileMemory {
  if (!useScript) {
    try {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(length / 8192) });
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { m: { m: memory } });
      return { values: new Float64Array(memory.buffer, 0, length), product: exports['f'] as TileProduct };
    } catch {
      // WebAssembly or SIMD is not available: falls through to JavaScript.
    }
  }
  const values = new Float64Array(length);
  return { values, product: scriptProduct(values) };
}

function scriptProduct(values: Float64Array): TileProduct {
  return (a, aRow, aStep, b, bStep, c, cRow, count) => {
    for (let i = 0; i < 4; i++) {
      const target = (c + i * cRow) / 8;
      let [s0, s1, s2, s3] = [values[target]!, values[target + 1]!, values[target + 2]!, values[target + 3]!];
      let [p, q] = [(a + i * aRow) / 8, b / 8];
      for (let k = 0; k < count; k++, p += aStep / 8, q += bStep / 8) {
        const x = values[p]!;
        s0 += x * values[q]!;
        s1 += x * values[q + 1]!;
        s2 += x * values[q + 2]!;
        s3 += x * values[q + 3]!;
      }
      values[target] = s0;
      values[target + 1] = s1;
      values[target + 2] = s2;
      values[target + 3] = s3;
    }
  };
}

const get = 0x20;
const set = 0x21;
const tee = 0x22;
const add = 0x6a;
const v128 = 0x7b;
const i32 = 0x7f;
const lanesAdd = [0xfd, 0xf0, 0x01];
const lanesMultiply = [0xfd, 0xf2, 0x01];
const load = (offset: number): number[] => [0xfd, 0x00, 3, offset];
const loadTwice = [0xfd, 0x0a, 3, 0];
const store = (offset: number): number[] => [0xfd, 0x0b, 3, offset];

/** Encodes a module with the function `f`, a `TileProduct` that works on the imported memory `m.m`. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [a, aRow, aStep, b, bStep, c, cRow, count] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const [pointer, right, factor, sums] = [8, 9, 11, 12] as const;
  const advance = (local: number, by: number): number[] => [get, local, get, by, add, set, local];
  const rows = [0, 1, 2, 3];
  /** Emits instructions for each row of c, whose address is in `pointer`. */
  const eachRow = (row: (left: number, next: number) => number[]): number[] => [
    ...[get, c, set, pointer],
    ...rows.flatMap((i) => [...row(sums + 2 * i, sums + 2 * i + 1), ...advance(pointer, cRow)]),
  ];
  const body = [
    ...[2, 1, i32, 11, v128], // locals: the pointer, then vectors
    ...eachRow((s, t) => [...[get, pointer, ...load(0), set, s], ...[get, pointer, ...load(16), set, t]]),
    ...[0x03, 0x40], // loop
    ...[get, b, ...load(0), set, right, get, b, ...load(16), set, right + 1],
    ...[get, a, set, pointer],
    ...rows.flatMap((i) => [
      ...[get, pointer, ...loadTwice, set, factor],
      ...[0, 1].flatMap((half) => [
        ...[get, sums + 2 * i + half, get, factor, get, right + half, ...lanesMultiply, ...lanesAdd],
        ...[set, sums + 2 * i + half],
      ]),
      ...advance(pointer, aRow),
    ]),
    ...advance(a, aStep),
    ...advance(b, bStep),
    ...[get, count, 0x41, 0x7f, add, tee, count, 0x0d, 0, 0x0b], // while --count
    ...eachRow((s, t) => [...[get, pointer, get, s, ...store(0)], ...[get, pointer, get, t, ...store(16)]]),
    0x0b,
  ];
  const sized = (bytes: readonly number[]): number[] => [(bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized([1, 0x60, 8, i32, i32, i32, i32, i32, i32, i32, i32, 0])],
    ...[2, ...sized([1, 1, 0x6d, 1, 0x6d, 2, 0, 0])],
    ...[3, ...sized([1, 0])],
    ...[7, ...sized([1, 1, 0x66, 0, 0])],
    ...[10, ...sized([1, ...sized(body)])],
  );
}
