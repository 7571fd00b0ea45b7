/**
 * The compiled chains of a backend. Before a program is encoded, those of its chains whose structure is new become one
 * module; a chain that cannot be compiled is left to the interpreter.
 */
import type { Program } from '../../compiler/program.ts';
import type { ChainCode, WasmCall, Word } from '../../graph/kernel.ts';
import { isCompilable } from './chain-code.ts';
import { chainModuleBytes, instantiateChains } from './chain-module.ts';
import type { ChainModule } from './chain-module.ts';

export class CompiledChains {
  /** In the order in which they were made. A thread that instantiates each has the table that programs count on. */
  readonly modules: ChainModule[] = [];
  private readonly indices = new Map<string, number>();
  private readonly memory: WebAssembly.Memory;
  private readonly kernels: WebAssembly.Exports;

  /** `kernels` are the exports of the instance whose table programs are encoded for. */
  constructor(memory: WebAssembly.Memory, kernels: WebAssembly.Exports) {
    this.memory = memory;
    this.kernels = kernels;
  }

  /** Compiles the chains of `program` that are not compiled yet. */
  async compile(program: Program): Promise<void> {
    const wanted = new Map<string, ChainCode>();
    for (const { chain } of program.steps.flatMap(({ calls }) => calls)) {
      if (chain !== undefined && isCompilable(chain.code)) wanted.set(keyOf(chain.code), chain.code);
    }
    const chains = [...wanted].filter(([key]) => !this.indices.has(key));
    if (chains.length === 0) return;
    const isShared = !(this.memory.buffer instanceof ArrayBuffer);
    const bytes = chainModuleBytes(
      chains.map(([, code]) => code),
      isShared,
    );
    const module = await WebAssembly.compile(bytes).catch(() => null);
    if (module === null) return; // an engine without room for code, say: the interpreter needs none
    const firstIndex = (this.kernels['table'] as WebAssembly.Table).grow(chains.length);
    const compiled = { module, functions: chains.length, firstIndex };
    await instantiateChains(compiled, this.memory, this.kernels);
    this.modules.push(compiled);
    chains.forEach(([key], index) => this.indices.set(key, firstIndex + index));
  }

  /** The compiled form of a call: a table index and its words; undefined when it has none. */
  find({ chain }: WasmCall): { readonly index: number; readonly words: readonly Word[] } | undefined {
    const index = chain && this.indices.get(keyOf(chain.code));
    return index === undefined ? undefined : { index, words: chain!.words };
  }
}

const keyOf = (code: ChainCode): string => JSON.stringify(code);
