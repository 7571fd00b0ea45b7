/**
 * Types that describe a wasm kernel. `tools/build-wasm.ts` writes one constant of type `KernelBinding` for each kernel, and an
 * interface of the words that it takes (`src/generated/wasm/kernels.ts`).
 */
import type { WasmSource } from './wasm-source.ts';

/** A buffer of the step: one of its three lists, and the index in it. */
export interface Operand {
  readonly list: 'input' | 'output' | 'scratch';
  readonly index: number;
  /** Offset into the buffer in bytes. On WebGPU it must be a multiple of 256. */
  readonly byteOffset?: number;
}

/** A float32 stored as a 32-bit word of an instruction. */
export interface FloatWord {
  readonly float: number;
}

/** The function table index of an export of a module, by name. */
export interface FunctionWord {
  readonly entry: string;
}

/** A named word: an integer, operand or function; a number to store as float32; or a list, stored as its length and its items. */
export type WordName =
  string | { readonly float: string } | { readonly list: string; readonly words: readonly WordName[] };

/** A kernel that takes the words `W`. */
export interface KernelBinding<W> {
  /** Name of the export. */
  readonly entry: string;
  /** The module that exports the kernel; undefined for the core module. */
  readonly module?: WasmSource;
  /** The words in the order in which the kernel reads them. */
  readonly words: readonly WordName[];
  /** Never set. It exists only to infer `W`. */
  readonly given?: W;
}
