/**
 * The interface between compiled programs and the machine that runs them. Three implementations: `reference` (float64
 * loops, the oracle), `wasm` and `webgpu`. A backend knows programs and buffers; it knows no graph, layer or optimizer.
 */
import type { DType, TypedArray } from '../core/dtype.ts';
import type { DeviceTraits } from '../graph/kernel.ts';
import type { TensorType } from '../graph/op.ts';
import type { Program, Target } from '../compiler/program.ts';

/** Memory of one variable on a backend. Opaque to everybody else. */
export interface BackendBuffer {
  readonly type: TensorType;
  /** The backend that allocated it; undefined once it was released. */
  owner?: Backend | undefined;
  /** Where it begins in the memory that it shares with others, a multiple of 256; only WebGPU has such. */
  readonly byteOffset?: number;
  readonly arena?: Arena;
}

/** A buffer that several variables share. */
export interface Arena {
  /** Variables that still use it: the last to be released frees it. */
  parts: number;
}

/** A variable that is to get memory. */
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
  /** Why a faster choice was not taken; empty when there is none. */
  readonly reason: string;
  /** WebGPU on a software adapter: right, but slower than wasm. */
  readonly isSoftware: boolean;
  /** Bytes now held by variables, and by the arenas and constants of prepared programs. */
  readonly stateBytes: number;
  readonly arenaBytes: number;
}

/** What is to be allocated and run: a program, or variables alone. */
export type Needs = Partial<Pick<Program, 'variables' | 'constants' | 'allocations' | 'buffers' | 'steps'>>;

export interface PreparedProgram {
  /**
   * Runs the whole program `steps` times. Returns when the work is queued (WebGPU, wasm with workers) or done (wasm on
   * the calling thread, reference); reads see its results.
   */
  run(steps: number): void;
  /** The named output after the last run, in the output's dtype: a copy, or `into`, of the same dtype and length. */
  read(output: string, into?: TypedArray): Promise<TypedArray>;
  /** Frees arenas and constants. Variables stay. */
  dispose(): void;
}

export interface Backend {
  readonly name: Target;
  readonly info: BackendInfo;
  /** What its programs are to be compiled for; only where there is a choice. */
  readonly traits?: DeviceTraits;
  /** Throws `BackendError` with the numbers when not all of it can fit; nothing is allocated. */
  check?(needs: Needs): void;
  /** Zero-filled memory for a variable. Throws `BackendError` with the numbers when it does not fit. */
  allocate(type: TensorType, label: string): BackendBuffer;
  /** Memory for several variables, of which those of a group may share a buffer: for all of them, or for none when it throws. */
  allocateTogether?(requests: readonly VariableRequest[]): BackendBuffer[];
  /** Writes `values` (of the buffer's dtype) from element `offset` on. */
  write(buffer: BackendBuffer, values: TypedArray, offset?: number): void;
  /** The buffer's values after all the work queued before: a copy, or `into`, of the same dtype and length. */
  read(buffer: BackendBuffer, into?: TypedArray): Promise<TypedArray>;
  release(buffer: BackendBuffer): void;
  /** Makes everything that running needs; `variables` in the program's order. */
  prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram>;
  /** Resolves when all queued work is done. */
  finished(): Promise<void>;
  dispose(): void;
}

/** Whether a value of unknown origin can be asked for what a backend does. */
export function isBackend(value: unknown): value is Backend {
  const { allocate, prepare } = (value ?? {}) as Partial<Backend>;
  return typeof allocate === 'function' && typeof prepare === 'function';
}

export type { DType };
