/**
 * Generates a module of compiled chains. It imports the kernels' memory and exports, and exports one function per
 * chain. Like any other module, each thread instantiates it.
 */
import type { ChainCode } from '../../../graph/kernel.ts';
import { chainBody, imports } from './code.ts';
import { flatten, section, sized, text, types, unsigned, vector } from './encoding.ts';
import type { Code } from './encoding.ts';
import { inlineOps } from './ops.ts';

const kinds = { function: 0, memory: 2, global: 3 } as const;
/** The wasm32 limit. A shared memory must be imported with a maximum, and this maximum accepts any memory. */
const maxPages = 65536;

const type = (parameters: Code, results: Code): Code => [types.function, sized(parameters), sized(results)];
const imported = (name: string, kind: number, ...description: Code): Code => [
  text('env'),
  text(name),
  kind,
  description,
];
const exported = (name: string, kind: number, index: number): Code => [text(name), kind, unsigned(index)];

/**
 * The bytes of a module with one function for each of `chains`, exported by `names`.
 *
 * @param isShared whether threads share the memory
 */
export function chainModuleBytes(
  chains: readonly ChainCode[],
  names: readonly string[],
  isShared: boolean,
): Uint8Array<ArrayBuffer> {
  const { i32, f64, v128 } = types;
  // The functions that the chains call, with their operand counts. All operands are vectors.
  const called = new Map<string, number>();
  for (const [name, ...operands] of chains.flatMap(({ instructions }) => instructions)) {
    if (!(name in inlineOps)) called.set(name, operands.length);
  }
  const functions = [...called.keys()];
  const [chainType, takeType, vectorType] = [0, 1, 2];
  const code = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(
      1,
      vector([
        type([i32], []),
        type([i32, i32, f64], [i32]),
        ...functions.map((name) => type(new Array<number>(called.get(name)!).fill(v128), [v128])),
      ]),
    ),
    section(
      2,
      vector([
        imported('memory', kinds.memory, ...(isShared ? [3, 0, unsigned(maxPages)] : [0, 0])),
        // in the order of `imports` in code.ts; the globals are mutable
        imported('take', kinds.function, takeType),
        imported('part_begin', kinds.global, i32, 1),
        imported('part_end', kinds.global, i32, 1),
        ...functions.map((name, index) => imported(name, kinds.function, vectorType + index)),
      ]),
    ),
    section(3, vector(chains.map(() => [chainType]))),
    section(
      7,
      vector(names.map((name, index) => exported(name, kinds.function, imports.functions + functions.length + index))),
    ),
    section(10, vector(chains.map((chain) => sized(chainBody(chain, functions))))),
  ];
  return Uint8Array.from(flatten(code));
}
