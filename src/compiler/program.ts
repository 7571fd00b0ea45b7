/**
 * What the compiler makes and a backend runs: a flat list of kernel invocations over planned memory. Plain data: it
 * can be printed, compared and kept. Buffers and steps refer to each other by index.
 */
import { bytesPerElement } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { InternalError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Dispatch, Operand, WasmCall } from '../graph/kernel.ts';
import type { StructuredOp, TensorType } from '../graph/op.ts';

export type Target = 'reference' | 'wasm' | 'webgpu';

/** Where a buffer's bytes are. */
export type Place =
  | { readonly kind: 'variable'; readonly index: number }
  | { readonly kind: 'constant'; readonly index: number }
  | { readonly kind: 'arena'; readonly allocation: number; readonly byteOffset: number };

export interface ProgramBuffer {
  readonly type: TensorType;
  readonly bytes: number;
  readonly place: Place;
  /** Buffers that show one value, such as a tensor and its reshape, have the same number. */
  readonly value: number;
  /** For listings and labels: the layer and op whose value it holds. */
  readonly label: string;
  /** Of a buffer that stretches from the first of several to the end of the last: their indices. */
  readonly members?: readonly number[];
}

export interface ProgramVariable {
  readonly name: string;
  readonly type: TensorType;
  /** Where it lies in memory that it shares with other variables; known once they are bound. */
  readonly slice?: { readonly arena: number; readonly byteOffset: number };
}

export interface ProgramConstant {
  readonly type: TensorType;
  /** One number that fills it, or every element. */
  readonly value: number | TypedArray;
}

export interface ProgramStep {
  /** `dense_1/matmul`: the layer and the op. */
  readonly label: string;
  readonly op: StructuredOp;
  readonly attributes: unknown;
  /** The kernel that was chosen among the op's variants; empty on the reference target. */
  readonly kernel: string;
  /** Buffer indices. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly scratch: readonly number[];
  /** For each output, the place among the inputs whose memory it shares, or null. */
  readonly inPlace: readonly (number | null)[];
  /** What the wasm target runs; empty elsewhere. */
  readonly calls: readonly WasmCall[];
  /** What the WebGPU target runs; empty elsewhere. */
  readonly dispatches: readonly Dispatch[];
}

export interface Program {
  readonly target: Target;
  /** The device buffers that a caller binds, in this order. */
  readonly variables: readonly ProgramVariable[];
  readonly constants: readonly ProgramConstant[];
  /** Bytes of each arena: one on wasm and reference, one for each memory slot on WebGPU. */
  readonly allocations: readonly number[];
  readonly buffers: readonly ProgramBuffer[];
  readonly steps: readonly ProgramStep[];
  /** Buffer index of each named output. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** The index of the buffer that an operand of `step` names. */
export function bufferIndex(step: ProgramStep, { list, index }: Operand): number {
  const found = { input: step.inputs, output: step.outputs, scratch: step.scratch }[list][index];
  if (found === undefined) throw new InternalError(`program: ${step.label} has no ${list} ${index}`);
  return found;
}

/** Bytes of a tensor's elements. */
export function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

/** Bytes that a run of the program needs beside its variables. */
export function arenaBytes(program: Program): number {
  return program.allocations.reduce((sum, bytes) => sum + bytes, 0);
}
