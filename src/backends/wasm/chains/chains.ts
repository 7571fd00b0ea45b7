/**
 * The compiled chains of a backend: before a program is encoded, those of its chains whose structure is new become one module.
 */
import { isShared } from '../../../core/dtype.ts';
import type { Program } from '../../../compiler/program.ts';
import type { ChainCode } from '../../../graph/kernel.ts';
import { chainModuleBytes } from './module.ts';
import type { Kernels } from '../module.ts';

export class CompiledChains {
  /** The name of each structure's function. */
  readonly #names = new Map<string, string>();
  readonly #kernels: Kernels;
  #count = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** Compiles the chains of `program` that are not compiled yet, while the modules whose functions they call are `loading`. */
  async compile(program: Program, loading: Promise<unknown>): Promise<void> {
    const chains = new Map<string, ChainCode>();
    for (const { entry } of program.steps.flatMap(({ calls }) => calls)) {
      if (typeof entry !== 'string' && !this.#names.has(keyOf(entry))) chains.set(keyOf(entry), entry);
    }
    if (chains.size === 0) return void (await loading);
    const names = [...chains].map(() => `chain${this.#count++}`);
    const bytes = chainModuleBytes([...chains.values()], names, isShared(this.#kernels.memory.buffer));
    await loading;
    await this.#kernels.enter('of compiled chains', bytes);
    [...chains.keys()].forEach((key, index) => this.#names.set(key, names[index]!));
  }

  /** The table index of a chain's function. */
  indexOf(code: ChainCode): number {
    return this.#kernels.indexOf(this.#names.get(keyOf(code))!);
  }
}

const keyOf = (code: ChainCode): string => JSON.stringify(code);
