/**
 * The compiler's output, which backends run: a flat list of kernel calls over planned memory. Plain data that can be
 * printed, compared and stored. Buffers and steps refer to each other by index.
 */
import { bytesPerElement } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { InternalError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Dispatch, Operand, WasmCall } from '../graph/kernel.ts';
import type { StructuredOp, TensorType } from '../graph/op.ts';

export type Target = 'reference' | 'wasm' | 'webgpu';

/** The memory that holds a buffer. */
export type MemoryLocation =
  | { readonly kind: 'variable'; readonly index: number }
  | { readonly kind: 'constant'; readonly index: number }
  | { readonly kind: 'arena'; readonly allocation: number; readonly byteOffset: number };

export interface ProgramBuffer {
  readonly type: TensorType;
  readonly bytes: number;
  readonly location: MemoryLocation;
  /** Views of one value, such as a tensor and its reshape, have the same number. */
  readonly value: number;
  /** The layer and op whose value it holds; for listings and labels. */
  readonly label: string;
  /** For a buffer that spans several others, from the first to the end of the last: their indices. */
  readonly members?: readonly number[];
}

export interface ProgramVariable {
  readonly name: string;
  readonly type: TensorType;
  /** The slice of an arena that the variable occupies; known once variables are bound. */
  readonly slice?: { readonly arena: number; readonly byteOffset: number };
}

export interface ProgramConstant {
  readonly type: TensorType;
  /** One number for all elements, or every element. */
  readonly value: number | TypedArray;
}

export interface ProgramStep {
  /** `dense_1/matmul`: the layer and the op. */
  readonly label: string;
  readonly op: StructuredOp;
  readonly attributes: unknown;
  /** The selected kernel variant; empty on the reference target. */
  readonly kernel: string;
  /** Buffer indices. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly scratch: readonly number[];
  /** For each output, the index of the input whose memory it shares, or null. */
  readonly inPlace: readonly (number | null)[];
  /** Kernel calls on the wasm target; empty elsewhere. */
  readonly calls: readonly WasmCall[];
  /** Dispatches on the WebGPU target; empty elsewhere. */
  readonly dispatches: readonly Dispatch[];
}

export interface Program {
  readonly target: Target;
  /** The variables that a caller binds, in this order. */
  readonly variables: readonly ProgramVariable[];
  readonly constants: readonly ProgramConstant[];
  /** Bytes of each allocation: one on wasm and reference, one per memory slot on WebGPU. */
  readonly allocations: readonly number[];
  readonly buffers: readonly ProgramBuffer[];
  readonly steps: readonly ProgramStep[];
  /** Buffer index of each named output. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** The buffer index of an operand of `step`. */
export function bufferIndex(step: ProgramStep, { list, index }: Operand): number {
  const found = { input: step.inputs, output: step.outputs, scratch: step.scratch }[list][index];
  if (found === undefined) throw new InternalError(`program: ${step.label} has no ${list} ${index}`);
  return found;
}

/** Bytes of a tensor's elements. */
export function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

/** Bytes that the program needs besides its variables and constants. */
export function arenaBytes(program: Program): number {
  return program.allocations.reduce((sum, bytes) => sum + bytes, 0);
}
