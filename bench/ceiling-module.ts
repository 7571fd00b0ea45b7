/**
 * A WebAssembly module of two functions, written out byte by byte, that shows what one thread of this machine and this
 * JavaScript engine can do at best. It needs no compiler, so a page can make it as well.
 *
 *     multiply_add(n)             n times 24 multiply-adds of four floats, on 12 independent accumulators
 *     copy(to, from, bytes)       memory.copy
 */
export interface CeilingModule {
  multiply_add(n: number): number;
  copy(to: number, from: number, bytes: number): void;
  readonly memory: WebAssembly.Memory;
}

export const accumulators = 12;
const rounds = 2;

/** Floating-point operations of `multiply_add(1)`: each lane multiplies and adds. */
export const operationsPerTurn: number = accumulators * rounds * 4 * 2;

const i32 = 0x7f;
const f32 = 0x7d;
const v128 = 0x7b;

const op = {
  end: [0x0b],
  loop: [0x03, 0x40],
  brIf: [0x0d, 0],
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  tee: (local: number) => [0x22, local],
  i32Const1: [0x41, 1],
  i32Sub: [0x6b],
  f32Const: (value: number) => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
  splat: [0xfd, 0x13],
  lane0: [0xfd, 0x1f, 0],
  add: [0xfd, 0xe4, 0x01],
  mul: [0xfd, 0xe6, 0x01],
  relaxedMadd: [0xfd, 0x85, 0x02],
  memoryCopy: [0xfc, 0x0a, 0, 0],
};

/** A number below 2^28 in LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const named = (name: string, kind: number, index: number): number[] => [
  ...sized([...new TextEncoder().encode(name)]),
  kind,
  index,
];

/**
 * Local 0 counts down, 1 and 2 are x and y, the accumulators follow: s = s·x + y, so that no product can be taken out of
 * the loop; with x = 1/2 it stays near 2y.
 */
function multiplyAddBody(relaxed: boolean): number[] {
  const sums = Array.from({ length: accumulators }, (_, index) => 3 + index);
  const [x, y] = [op.get(1), op.get(2)];
  const turn = sums.flatMap((sum) =>
    relaxed
      ? [...op.get(sum), ...x, ...y, ...op.relaxedMadd, ...op.set(sum)]
      : [...op.get(sum), ...x, ...op.mul, ...y, ...op.add, ...op.set(sum)],
  );
  return [
    ...vector([[...unsigned(2 + accumulators), v128]]),
    ...[...op.f32Const(0.5), ...op.splat, ...op.set(1)],
    ...[...op.f32Const(2 ** -20), ...op.splat, ...op.set(2)],
    ...op.loop,
    ...Array.from({ length: rounds }, () => turn).flat(),
    ...[...op.get(0), ...op.i32Const1, ...op.i32Sub, ...op.tee(0), ...op.brIf],
    ...op.end,
    ...op.get(sums[0]!),
    ...sums.slice(1).flatMap((sum) => [...op.get(sum), ...op.add]),
    ...op.lane0,
    ...op.end,
  ];
}

const copyBody: readonly number[] = [...vector([]), ...[0, 1, 2].flatMap(op.get), ...op.memoryCopy, ...op.end];

function encode(relaxed: boolean, pages: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      vector([
        [0x60, ...vector([[i32]]), ...vector([[f32]])],
        [0x60, ...vector([[i32], [i32], [i32]]), 0],
      ]),
    ),
    ...section(3, vector([[0], [1]])),
    ...section(5, vector([[0, ...unsigned(pages)]])),
    ...section(7, vector([named('multiply_add', 0, 0), named('copy', 0, 1), named('memory', 2, 0)])),
    ...section(10, vector([sized(multiplyAddBody(relaxed)), sized(copyBody)])),
  ]);
}

/** Whether this engine knows the fused multiply-add of relaxed SIMD. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(encode(true, 1));

/** `megabytes` of memory to copy in; fused multiply-add where `relaxed`. */
export async function ceilingModule(relaxed: boolean, megabytes: number): Promise<CeilingModule> {
  const { instance } = await WebAssembly.instantiate(encode(relaxed, megabytes * 16));
  return instance.exports as unknown as CeilingModule;
}
