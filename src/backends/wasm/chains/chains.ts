/**
 * The compiled chains of a backend. Before a program is encoded, its chains with a new structure are compiled into one
 * module.
 */
import { isShared } from '../../../core/dtype.ts';
import type { Program } from '../../../compiler/program.ts';
import type { ChainCode } from '../../../graph/kernel.ts';
import { chainModuleBytes } from './module.ts';
import type { Kernels } from '../module.ts';

export class CompiledChains {
  /** The function name of each chain structure. */
  readonly #names = new Map<string, string>();
  readonly #kernels: Kernels;
  #count = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /**
   * Compiles the chains of `program` that are not cached, concurrently with `loading`, the modules whose functions they
   * call.
   */
  async compile(program: Program, loading: Promise<unknown>): Promise<void> {
    const chains = new Map<string, ChainCode>();
    for (const { entry } of program.steps.flatMap(({ calls }) => calls)) {
      if (typeof entry !== 'string' && !this.#names.has(keyOf(entry))) chains.set(keyOf(entry), entry);
    }
    if (chains.size === 0) return void (await loading);
    const names = [...chains].map(() => `chain${this.#count++}`);
    const bytes = chainModuleBytes([...chains.values()], names, isShared(this.#kernels.memory.buffer));
    await loading;
    await this.#kernels.instantiate('of compiled chains', bytes);
    [...chains.keys()].forEach((key, index) => this.#names.set(key, names[index]!));
  }

  /** The table index of a chain's function. */
  indexOf(code: ChainCode): number {
    return this.#kernels.indexOf(this.#names.get(keyOf(code))!);
  }
}

const keyOf = (code: ChainCode): string => JSON.stringify(code);
