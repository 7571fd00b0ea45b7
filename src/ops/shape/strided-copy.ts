/**
 * The strided copy behind transpose, slice, pad, reverse and concatenate: reads with one set of strides and writes with
 * another. Contains the simplification of the loop nest, the call of `assembly/shape/copy.ts` and the reference.
 */
import type { Shape } from '../../core/shape.ts';
import { stridedCopyKernel } from '../../generated/wasm/kernels.ts';
import { call } from '../../graph/kernel.ts';
import type { Operand, WasmCall } from '../../graph/kernel.ts';
import type { ReferenceArray } from '../../graph/op.ts';

/** A loop nest over `dims`. Strides and offsets are in elements. */
export interface StridedCopy {
  readonly dims: readonly number[];
  readonly sourceStrides: readonly number[];
  readonly targetStrides: readonly number[];
  readonly sourceOffset: number;
  readonly targetOffset: number;
}

/** Removes axes of size 1, and merges neighbouring axes that are contiguous in both source and target. */
export function collapse(copy: StridedCopy): StridedCopy {
  const dims: number[] = [];
  const sourceStrides: number[] = [];
  const targetStrides: number[] = [];
  copy.dims.forEach((dim, axis) => {
    const source = copy.sourceStrides[axis]!;
    const target = copy.targetStrides[axis]!;
    const last = dims.length - 1;
    if (dim === 1) return;
    if (last >= 0 && sourceStrides[last] === source * dim && targetStrides[last] === target * dim) {
      dims[last]! *= dim;
      sourceStrides[last] = source;
      targetStrides[last] = target;
    } else {
      dims.push(dim);
      sourceStrides.push(source);
      targetStrides.push(target);
    }
  });
  return { ...copy, dims, sourceStrides, targetStrides };
}

/** The wasm call that copies four-byte elements. */
export function stridedCopyCall(source: Operand, target: Operand, copy: StridedCopy): WasmCall {
  const { dims, sourceStrides, targetStrides, sourceOffset, targetOffset } = collapse(copy);
  const moved = (operand: Operand, elements: number): Operand => ({
    ...operand,
    byteOffset: (operand.byteOffset ?? 0) + 4 * elements,
  });
  return call(stridedCopyKernel, {
    source: moved(source, sourceOffset),
    target: moved(target, targetOffset),
    axes: dims.map((size, axis) => ({ size, sourceStride: sourceStrides[axis]!, targetStride: targetStrides[axis]! })),
  });
}

/** Copies with one nested loop per axis. */
export function referenceCopy(source: ReferenceArray, target: ReferenceArray, copy: StridedCopy): void {
  const visit = (axis: number, from: number, to: number): void => {
    if (axis === copy.dims.length) {
      target[to] = source[from]!;
      return;
    }
    for (let index = 0; index < copy.dims[axis]!; index++) {
      visit(axis + 1, from + index * copy.sourceStrides[axis]!, to + index * copy.targetStrides[axis]!);
    }
  };
  visit(0, copy.sourceOffset, copy.targetOffset);
}

/** The offset in elements of the element at `index`. */
export function offsetOf(index: readonly number[], strides: Shape): number {
  return index.reduce((sum, place, axis) => sum + place * strides[axis]!, 0);
}
