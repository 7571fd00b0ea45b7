/** Dispatches of strided copies and fills on WebGPU. */
import { sizeOf } from '../../core/shape.ts';
import { fill } from '../../generated/shaders/fill.ts';
import { stridedCopy } from '../../generated/shaders/strided-copy.ts';
import type { Dispatch, Operand } from '../../graph/kernel.ts';
import { output } from '../../graph/kernel.ts';
import type { TensorType } from '../../graph/op.ts';
import { elementDispatch } from '../dispatch.ts';
import { collapse } from './strided-copy.ts';
import type { StridedCopy } from './strided-copy.ts';

/** A dispatch that copies four-byte elements. Contiguous copies use an entry point without strides. */
export function stridedCopyDispatch(x: Operand, y: Operand, copy: StridedCopy): Dispatch {
  const { dims, sourceStrides, targetStrides, sourceOffset, targetOffset } = collapse(copy);
  const offsets = { size: sizeOf(dims), source_offset: sourceOffset, target_offset: targetOffset };
  const isPlain = dims.every((_, axis) => sourceStrides[axis] === 1 && targetStrides[axis] === 1);
  const tables = { dims, source_strides: sourceStrides, target_strides: targetStrides, rank: dims.length };
  return elementDispatch(stridedCopy, isPlain ? 'copy' : 'strided_copy', offsets.size, {
    bindings: { x, y },
    uniforms: isPlain ? offsets : { ...offsets, ...tables },
  });
}

/** A dispatch that fills the step's output with `value`. */
export function fillDispatch({ shape, dtype }: TensorType, value: number): Dispatch {
  const size = sizeOf(shape);
  const bits = dtype === 'float32' ? new Uint32Array(Float32Array.of(value).buffer)[0]! : value;
  return elementDispatch(fill, 'fill', size, { bindings: { y: output(0) }, uniforms: { size, bits } });
}
