/**
 * The interface between compiled programs and the machine that runs them. Three implementations: `reference` (float64
 * loops, the oracle), `wasm` and `webgpu`. A backend handles programs and buffers; it has no notion of graphs, layers
 * or optimizers.
 */
import type { DType, TypedArray } from '../core/dtype.ts';
import type { DeviceTraits } from '../graph/kernel.ts';
import type { TensorType } from '../graph/op.ts';
import type { Program, Target } from '../compiler/program.ts';

/** Memory of one variable on a backend. Opaque to all other code. */
export interface BackendBuffer {
  readonly type: TensorType;
  /** The backend that allocated it; undefined after release. */
  owner?: Backend | undefined;
  /** Byte offset in the arena, a multiple of 256. Only WebGPU has arenas. */
  readonly byteOffset?: number;
  readonly arena?: Arena;
}

/** A buffer that several variables share. */
export interface Arena {
  /** Number of variables that still use it. Releasing the last one frees the buffer. */
  parts: number;
}

/** A request to allocate memory for a variable. */
export interface VariableRequest {
  readonly type: TensorType;
  /** For error messages. */
  readonly label: string;
  /** Variables of one group, such as all parameters, are updated by the same formula and may share a buffer. */
  readonly group?: string;
}

export interface BackendInfo {
  readonly name: Target;
  /** The adapter, or the wasm binary in use. */
  readonly description: string;
  readonly threads: number;
  /** Why a faster option was not used; empty when there is no reason to report. */
  readonly reason: string;
  /** WebGPU on a software adapter: correct, but slower than wasm. */
  readonly isSoftware: boolean;
  /** Bytes currently used by variables. */
  readonly stateBytes: number;
  readonly arenaBytes: number;
}

/** The memory and kernels that a program needs, or only the variables. */
export type Needs = Partial<Pick<Program, 'variables' | 'constants' | 'allocations' | 'buffers' | 'steps'>>;

export interface PreparedProgram {
  /**
   * Runs the whole program `steps` times. Returns when the work is queued (WebGPU, wasm with workers) or done (wasm on
   * the calling thread, reference). Reads see its results.
   */
  run(steps: number): void;
  /**
   * Reads a named output after the last run, in the output's dtype.
   *
   * @param into array of the same dtype and length that receives the values; without it a new array is returned
   */
  read(output: string, into?: TypedArray): Promise<TypedArray>;
  /** Frees arenas and constants. Variables stay allocated. */
  dispose(): void;
}

export interface Backend {
  readonly name: Target;
  readonly info: BackendInfo;
  /** Device traits to compile programs for. Only backends that choose between kernels by device have them. */
  readonly traits?: DeviceTraits;
  /** Throws `BackendError` with the sizes and limits when `needs` does not fit. Allocates nothing. */
  check?(needs: Needs): void;
  /**
   * Allocates zero-filled memory for a variable.
   *
   * @throws BackendError with the sizes when it does not fit
   */
  allocate(type: TensorType, label: string): BackendBuffer;
  /**
   * Allocates memory for several variables; variables of one group may share a buffer. Allocates all of them, or none
   * when it throws.
   */
  allocateTogether?(requests: readonly VariableRequest[]): BackendBuffer[];
  /** Writes `values` (of the buffer's dtype) starting at element `offset`. */
  write(buffer: BackendBuffer, values: TypedArray, offset?: number): void;
  /**
   * Reads the buffer's values after all work queued so far.
   *
   * @param into array of the same dtype and length that receives the values; without it a new array is returned
   */
  read(buffer: BackendBuffer, into?: TypedArray): Promise<TypedArray>;
  release(buffer: BackendBuffer): void;
  /** Creates everything that a run needs. `variables` are in the program's order. */
  prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram>;
  /** Resolves when all queued work is done. */
  finished(): Promise<void>;
  dispose(): void;
}

/** Whether an arbitrary value looks like a backend. */
export function isBackend(value: unknown): value is Backend {
  const { allocate, prepare } = (value ?? {}) as Partial<Backend>;
  return typeof allocate === 'function' && typeof prepare === 'function';
}

export type { DType };
