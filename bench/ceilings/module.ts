/**
 * A hand-encoded WebAssembly module that measures the maximum rates of one thread with this JavaScript engine. It needs
 * no compiler, so pages and workers can create it as well.
 *
 *     multiply_add(n)             n times 24 multiply-adds of four floats, on 12 independent accumulators
 *     copy(to, from, bytes)       memory.copy
 *     read(from, bytes)           loads every byte, 16 at a time; `bytes` is a multiple of 64
 *     calls(n)                    n times an indirect call of an empty function
 */
import { named, op, section, sized, types, unsigned, vector } from './encoding.ts';

export interface CeilingModule {
  multiply_add(n: number): number;
  copy(to: number, from: number, bytes: number): void;
  read(from: number, bytes: number): number;
  calls(n: number): void;
  readonly memory: WebAssembly.Memory;
}

/** The memory to copy and read: 128 MiB, with copies to the upper half. */
export const megabytes = 128;
export const half: number = megabytes * 2 ** 19;

export const accumulators = 12;
const rounds = 2;

/** Floating-point operations of `multiply_add(1)`: each lane multiplies and adds. */
export const operationsPerTurn: number = accumulators * rounds * 4 * 2;

const { i32, f32, v128 } = types;
const { get, set } = op;

/** Decrements a local and repeats the loop until it is 0. */
const countDown = (local: number, by: number): number[] => [
  ...get(local),
  ...[...op.i32Const(by), ...op.i32Sub, ...op.tee(local), ...op.brIf],
  ...op.end,
];

/**
 * Local 0 counts down, 1 and 2 are x and y, the accumulators follow: s = s·x + y, so that no product can be hoisted out
 * of the loop. With x = 1/2, s stays near 2y.
 */
function multiplyAddBody(relaxed: boolean): number[] {
  const sums = Array.from({ length: accumulators }, (_, index) => 3 + index);
  const [x, y] = [get(1), get(2)];
  const turn = sums.flatMap((sum) =>
    relaxed
      ? [...get(sum), ...x, ...y, ...op.relaxedMadd, ...set(sum)]
      : [...get(sum), ...x, ...op.mul, ...y, ...op.add, ...set(sum)],
  );
  return [
    ...vector([[...unsigned(2 + accumulators), v128]]),
    ...[...op.f32Const(0.5), ...op.splat, ...set(1)],
    ...[...op.f32Const(2 ** -20), ...op.splat, ...set(2)],
    ...op.loop,
    ...Array.from({ length: rounds }, () => turn).flat(),
    ...countDown(0, 1),
    ...get(sums[0]!),
    ...sums.slice(1).flatMap((sum) => [...get(sum), ...op.add]),
    ...[...op.f32Lane0, ...op.end],
  ];
}

const copyBody: readonly number[] = [...vector([]), ...[0, 1, 2].flatMap(get), ...op.memoryCopy, ...op.end];

/** Local 0 is the address, 1 counts down. Four accumulators make the loads independent. */
function readBody(): number[] {
  const sums = [2, 3, 4, 5];
  return [
    ...vector([[4, v128]]),
    ...op.loop,
    ...sums.flatMap((sum, index) => [...get(sum), ...get(0), ...op.load(16 * index), ...op.xor, ...set(sum)]),
    ...[...get(0), ...op.i32Const(32), ...op.i32Add, ...op.i32Const(32), ...op.i32Add, ...set(0)],
    ...[...get(1), ...op.i32Const(32), ...op.i32Sub, ...set(1)],
    ...countDown(1, 32),
    ...get(sums[0]!),
    ...sums.slice(1).flatMap((sum) => [...get(sum), ...op.xor]),
    ...[...op.i32Lane0, ...op.end],
  ];
}

const calleeType = 3;
/** Returns immediately. The rest makes the function too long for an engine to inline. */
const callee: readonly number[] = [
  ...vector([]),
  ...[...get(0), ...op.brIf],
  ...Array.from({ length: 500 }, () => [...get(0), ...set(0)]).flat(),
  ...op.end,
];
const callsBody: readonly number[] = [
  ...vector([]),
  ...[...op.loop, ...get(0), ...op.i32Const(0), ...op.callIndirect(calleeType), ...countDown(0, 1)],
  ...op.end,
];

function encode(relaxed: boolean, pages: number): Uint8Array<ArrayBuffer> {
  const bodies = [multiplyAddBody(relaxed), copyBody, readBody(), callsBody, callee];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      vector([
        [0x60, ...vector([[i32]]), ...vector([[f32]])],
        [0x60, ...vector([[i32], [i32], [i32]]), 0],
        [0x60, ...vector([[i32], [i32]]), ...vector([[i32]])],
        [0x60, ...vector([[i32]]), 0],
      ]),
    ),
    ...section(3, vector([[0], [1], [2], [calleeType], [calleeType]])),
    ...section(4, vector([[0x70, 0, 1]])),
    ...section(5, vector([[0, ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        ...['multiply_add', 'copy', 'read', 'calls'].map((name, index) => named(name, 0, index)),
        named('memory', 2, 0),
      ]),
    ),
    ...section(9, vector([[0, ...op.i32Const(0), ...op.end, ...vector([[4]])]])),
    ...section(10, vector(bodies.map(sized))),
  ]);
}

/** Whether this engine supports the fused multiply-add of relaxed SIMD. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(encode(true, 1));

/**
 * @param megabytes size of the memory to copy in and read
 * @param relaxed whether to use fused multiply-adds
 */
export function compileCeilings(relaxed: boolean, megabytes: number): Promise<WebAssembly.Module> {
  return WebAssembly.compile(encode(relaxed, megabytes * 16));
}

export async function ceilingModule(relaxed: boolean, megabytes: number): Promise<CeilingModule> {
  const { exports } = await WebAssembly.instantiate(await compileCeilings(relaxed, megabytes));
  const module = exports as unknown as CeilingModule;
  // unwritten memory is a single page of zeros and would be read from the nearest cache
  new Uint8Array(module.memory.buffer).fill(0);
  return module;
}
