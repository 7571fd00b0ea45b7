/**
 * A module of compiled chains, and its instances. It imports the kernels' memory and what they export, and exports one
 * function a chain, named by its number. Each thread makes an instance of its own beside its instance of the kernels, and
 * puts the functions at the same places of its table.
 */
import type { ChainCode } from '../../graph/kernel.ts';
import { chainBody } from './chain-code.ts';
import { section, sized, text, types, unsigned, vector } from './chain-encoding.ts';

/** Compiled chains, and where their functions stand in the table. Can be posted to a worker. */
export interface ChainModule {
  readonly module: WebAssembly.Module;
  readonly functions: number;
  readonly firstIndex: number;
}

const kinds = { function: 0, memory: 2, global: 3 } as const;
/** As far as wasm32 reaches. A shared memory must be imported with a maximum, and it may be this one. */
const mostPages = 65536;

const type = (parameters: readonly number[], results: readonly number[]): number[] => [
  types.function,
  ...sized(parameters),
  ...sized(results),
];
const imported = (name: string, kind: number, ...description: number[]): number[] => [
  ...text('kernels'),
  ...text(name),
  ...[kind, ...description],
];
const exported = (name: string, kind: number, index: number): number[] => [...text(name), kind, ...unsigned(index)];

/** `isShared` tells whether the memory is one that threads share. */
export function chainModuleBytes(chains: readonly ChainCode[], isShared: boolean): Uint8Array<ArrayBuffer> {
  const { i32, f64 } = types;
  const [chainType, takeType] = [0, 1];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type([i32], []), type([i32, i32, f64], [i32])])),
    ...section(
      2,
      vector([
        imported('memory', kinds.memory, ...(isShared ? [3, 0, ...unsigned(mostPages)] : [0, 0])),
        // in the order of `imports` in chain-code.ts; the globals are mutable
        imported('take', kinds.function, takeType),
        imported('part_begin', kinds.global, i32, 1),
        imported('part_end', kinds.global, i32, 1),
      ]),
    ),
    ...section(3, vector(chains.map(() => [chainType]))),
    ...section(7, vector(chains.map((_, index) => exported(String(index), kinds.function, 1 + index)))),
    ...section(10, vector(chains.map((chain) => sized(chainBody(chain))))),
  ]);
}

/** Makes an instance for one thread, beside its instance of the kernels, and enters its functions in that one's table. */
export async function instantiateChains(
  { module, functions, firstIndex }: ChainModule,
  memory: WebAssembly.Memory,
  kernels: WebAssembly.Exports,
): Promise<void> {
  const { exports } = await WebAssembly.instantiate(module, { kernels: { ...kernels, memory } });
  const table = kernels['table'] as WebAssembly.Table;
  const missing = firstIndex + functions - table.length;
  if (missing > 0) table.grow(missing);
  for (let index = 0; index < functions; index++) table.set(firstIndex + index, exports[index]);
}
