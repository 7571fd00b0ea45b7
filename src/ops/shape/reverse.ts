/** Reversal along axes: a strided copy with negative strides. */
import { normalizeAxes, stridesOf } from '../../core/shape.ts';
import { input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp, TensorType } from '../../graph/op.ts';
import { axes, operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { offsetOf, referenceCopy, stridedCopyCall } from './strided-copy.ts';
import { stridedCopyDispatch } from './strided-copy-wgsl.ts';
import type { StridedCopy } from './strided-copy.ts';

export type ReverseAttributes = { readonly axes: readonly number[] };

function reverseCopy({ shape }: TensorType, { axes }: ReverseAttributes): StridedCopy {
  const strides = stridesOf(shape);
  const isTurned = (axis: number): boolean => axes.includes(axis) && shape[axis]! > 0;
  return {
    dims: shape,
    sourceStrides: strides.map((stride, axis) => (isTurned(axis) ? -stride : stride)),
    targetStrides: strides,
    sourceOffset: offsetOf(
      shape.map((dimension, axis) => (isTurned(axis) ? dimension - 1 : 0)),
      strides,
    ),
    targetOffset: 0,
  };
}

/**
 * Reverses the order of elements along the given axes.
 *
 * @param x float32 or int32
 * @param axis an axis or an array of axes; negative axes count from the end. Default: the last axis.
 * @returns a tensor of x's shape and dtype
 * @throws ShapeError for an axis that x does not have; DTypeError for other dtypes
 * @example reverse(tensor([1, 2, 3])); // [3, 2, 1]
 */
export const reverse: OpFunction<
  [x: TensorLike, axis?: number | readonly number[]],
  StructuredOp<ReverseAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, axis: axes },
  /* @__PURE__ */ structured<ReverseAttributes, [x: Node, axis?: number | readonly number[]]>(
    {
      name: 'reverse',
      infer: ([x]) => {
        requireDType('reverse', x!.dtype, 'float32', 'int32');
        return x!;
      },
      gradient: ({ attributes: { axes }, upstream }) => [reverse(upstream, axes)],
      kernels: {
        wasm: [
          {
            name: 'strided',
            lower: ({ inputs, attributes }) => [
              stridedCopyCall(input(0), output(0), reverseCopy(inputs[0]!, attributes)),
            ],
          },
        ],
        webgpu: [
          {
            name: 'strided',
            lower: ({ inputs, attributes }) => [
              stridedCopyDispatch(input(0), output(0), reverseCopy(inputs[0]!, attributes)),
            ],
          },
        ],
      },
      reference: ({ attributes, inputs, inputTypes, outputs }) =>
        referenceCopy(inputs[0]!, outputs[0]!, reverseCopy(inputTypes[0]!, attributes)),
    },
    (node, x, axis = -1) => {
      const axes = normalizeAxes('reverse', axis, x.shape.length);
      return axes.length === 0 ? x : node([x], { axes });
    },
  ),
);
