/**
 * What the build knows of a wasm kernel: `tools/build-wasm.ts` writes one constant of this type for each, and the words that
 * it takes as an interface (`src/generated/wasm/kernels.ts`). Types only.
 */
import type { WasmSource } from './wasm-source.ts';

/** A buffer of the step: which list, and which place in it. */
export interface Operand {
  readonly list: 'input' | 'output' | 'scratch';
  readonly index: number;
  /** Bytes into the buffer; on WebGPU a multiple of 256. */
  readonly byteOffset?: number;
}

/** A float32 among the 32-bit words of an instruction. */
export interface FloatWord {
  readonly float: number;
}

/** The place in the function table of what a module exports under this name. */
export interface FunctionWord {
  readonly entry: string;
}

/** A word by its name: as it is given, a number that becomes a float32, or a list: its length, then each item's words. */
export type WordName =
  string | { readonly float: string } | { readonly list: string; readonly words: readonly WordName[] };

/** A kernel that takes the words `W`. */
export interface KernelBinding<W> {
  /** The name of the export. */
  readonly entry: string;
  /** The module that exports it; none for the core. */
  readonly module?: WasmSource;
  /** In their order. */
  readonly words: readonly WordName[];
  /** Never there: for the type alone. */
  readonly given?: W;
}
