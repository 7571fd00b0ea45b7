/**
 * Permutation of axes. For matrix products prefer the options `transposeA` and `transposeB` of `matmul`, which copy
 * nothing.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, normalizeAxes, normalizeAxis, stridesOf } from '../../core/shape.ts';
import { input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp, TensorType } from '../../graph/op.ts';
import { integers, operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { referenceCopy, stridedCopyCall } from './strided-copy.ts';
import { stridedCopyDispatch } from './strided-copy-wgsl.ts';
import type { StridedCopy } from './strided-copy.ts';

export type TransposeAttributes = { readonly permutation: readonly number[] };

/** The copy that writes the transposed tensor sequentially. */
export function transposeCopy(x: TensorType, permutation: readonly number[]): StridedCopy {
  const dims = permutation.map((axis) => x.shape[axis]!);
  const strides = stridesOf(x.shape);
  const sourceStrides = permutation.map((axis) => strides[axis]!);
  return { dims, sourceStrides, targetStrides: stridesOf(dims), sourceOffset: 0, targetOffset: 0 };
}

function infer([x]: readonly TensorType[], { permutation }: TransposeAttributes): TensorType {
  const { shape, dtype } = x!;
  requireDType('transpose', dtype, 'float32', 'int32');
  if (normalizeAxes('transpose', permutation, shape.length).length !== shape.length) {
    throw new ShapeError(
      `transpose: [${permutation.join(', ')}] is no order of the axes of ${formatShape(shape)}: name every axis once`,
    );
  }
  return { shape: permutation.map((axis) => shape[axis]!), dtype };
}

/**
 * Permutes the axes of x: axis i of the result is axis `permutation[i]` of x.
 *
 * @param x float32 or int32
 * @param permutation every axis once; negative axes count from the end. Default: reverses the order of the axes.
 * @returns a tensor of x's dtype
 * @throws ShapeError unless the permutation contains every axis once; DTypeError for other dtypes
 * @example transpose(tensor([[1, 2, 3], [4, 5, 6]])); // [[1, 4], [2, 5], [3, 6]]
 */
export const transpose: OpFunction<
  [x: TensorLike, permutation?: readonly number[]],
  StructuredOp<TransposeAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, permutation: integers },
  /* @__PURE__ */ structured<TransposeAttributes, [x: Node, permutation?: readonly number[]]>(
    {
      name: 'transpose',
      isTranspose: true,
      infer,
      gradient: ({ attributes: { permutation }, upstream }) => {
        const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
        return [transpose(upstream, inverse)];
      },
      kernels: {
        wasm: [
          {
            name: 'strided',
            lower: ({ inputs, attributes: { permutation } }) => [
              stridedCopyCall(input(0), output(0), transposeCopy(inputs[0]!, permutation)),
            ],
          },
        ],
        webgpu: [
          {
            name: 'strided',
            lower: ({ inputs, attributes: { permutation } }) => [
              stridedCopyDispatch(input(0), output(0), transposeCopy(inputs[0]!, permutation)),
            ],
          },
        ],
      },
      reference: ({ attributes: { permutation }, inputs, inputTypes, outputs }) =>
        referenceCopy(inputs[0]!, outputs[0]!, transposeCopy(inputTypes[0]!, permutation)),
    },
    (node, x, permutation = x.shape.map((_, axis) => x.shape.length - 1 - axis)) => {
      const order = permutation.map((axis) => normalizeAxis('transpose', axis, x.shape.length));
      const same = order.length === x.shape.length && order.every((axis, place) => axis === place);
      return same ? x : node([x], { permutation: order });
    },
  ),
);
