/**
 * The bytes of a module of compiled chains. It imports the kernels' memory and what they export, and exports one function a
 * chain. Like any other module, each thread makes an instance of its own of it.
 */
import type { ChainCode } from '../../../graph/kernel.ts';
import { chainBody, imports } from './code.ts';
import { flatten, section, sized, text, types, unsigned, vector } from './encoding.ts';
import type { Code } from './encoding.ts';
import { lines } from './ops.ts';

const kinds = { function: 0, memory: 2, global: 3 } as const;
/** As far as wasm32 reaches. A shared memory must be imported with a maximum, and it may be this one. */
const mostPages = 65536;

const type = (parameters: Code, results: Code): Code => [types.function, sized(parameters), sized(results)];
const imported = (name: string, kind: number, ...description: Code): Code => [
  text('env'),
  text(name),
  kind,
  description,
];
const exported = (name: string, kind: number, index: number): Code => [text(name), kind, unsigned(index)];

/** `isShared` tells whether the memory is one that threads share. */
export function chainModuleBytes(
  chains: readonly ChainCode[],
  names: readonly string[],
  isShared: boolean,
): Uint8Array<ArrayBuffer> {
  const { i32, f64, v128 } = types;
  // The functions that the chains call, with the numbers of their operands; all are vectors.
  const called = new Map<string, number>();
  for (const [name, ...operands] of chains.flatMap(({ instructions }) => instructions)) {
    if (!(name in lines)) called.set(name, operands.length);
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
        imported('memory', kinds.memory, ...(isShared ? [3, 0, unsigned(mostPages)] : [0, 0])),
        // in the order of `imports` in chain-code.ts; the globals are mutable
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
