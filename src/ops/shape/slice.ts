/** Slicing and padding. Both are in one file because each is the gradient of the other. */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sizeOf, stridesOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import { fillKernel } from '../../generated/wasm/kernels.ts';
import { call, float, input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp, TensorType } from '../../graph/op.ts';
import { operand, optionalNumber, pairs, shape } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { checkedOp, requireDType, structured, withinFloat32 } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { offsetOf, referenceCopy, stridedCopyCall } from './strided-copy.ts';
import { fillDispatch, stridedCopyDispatch } from './strided-copy-wgsl.ts';
import type { StridedCopy } from './strided-copy.ts';

export type SliceAttributes = { readonly begin: readonly number[]; readonly size: Shape };

export function sliceCopy(x: TensorType, { begin, size }: SliceAttributes): StridedCopy {
  const sourceStrides = stridesOf(x.shape);
  const sourceOffset = offsetOf(begin, sourceStrides);
  return { dims: size, sourceStrides, targetStrides: stridesOf(size), sourceOffset, targetOffset: 0 };
}

function inferSlice([x]: readonly TensorType[], { begin, size }: SliceAttributes): TensorType {
  const { shape, dtype } = x!;
  requireDType('slice', dtype, 'float32', 'int32');
  if (begin.length !== shape.length || size.length !== shape.length) {
    throw new ShapeError(
      `slice: ${formatShape(shape)} needs ${shape.length} begins and sizes, not ${begin.length} and ${size.length}`,
    );
  }
  shape.forEach((dimension, axis) => {
    const [from, length] = [begin[axis]!, size[axis]!];
    if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > dimension) {
      throw new ShapeError(
        `slice: axis ${axis} of ${formatShape(shape)} holds no ${length} elements from ${from}: ` +
          `begin + size must be at most ${dimension}`,
      );
    }
  });
  return { shape: size, dtype };
}

/**
 * Extracts the block of x that starts at index `begin` and has shape `size`.
 *
 * @param x float32 or int32
 * @param begin the first index along each axis
 * @param size the number of elements along each axis; -1 extends to the end of the axis
 * @returns a tensor of x's dtype and shape `size`
 * @throws ShapeError when the block is not inside x; DTypeError for other dtypes
 * @example slice(tensor([[1, 2, 3], [4, 5, 6]]), [0, 1], [-1, 2]); // [[2, 3], [5, 6]]
 */
export const slice: OpFunction<
  [x: TensorLike, begin: readonly number[], size: Shape],
  StructuredOp<SliceAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, begin: shape, size: shape },
  /* @__PURE__ */ structured<SliceAttributes, [x: Node, begin: readonly number[], size: Shape]>(
    {
      name: 'slice',
      infer: inferSlice,
      gradient: ({ inputs: [x], attributes: { begin, size }, upstream }) => [
        pad(
          upstream,
          x!.shape.map((dimension, axis) => [begin[axis]!, dimension - begin[axis]! - size[axis]!] as const),
        ),
      ],
      kernels: {
        wasm: [
          {
            name: 'strided',
            lower: ({ inputs, attributes }) => [
              stridedCopyCall(input(0), output(0), sliceCopy(inputs[0]!, attributes)),
            ],
          },
        ],
        webgpu: [
          {
            name: 'strided',
            lower: ({ inputs, attributes }) => [
              stridedCopyDispatch(input(0), output(0), sliceCopy(inputs[0]!, attributes)),
            ],
          },
        ],
      },
      reference: ({ attributes, inputs, inputTypes, outputs }) =>
        referenceCopy(inputs[0]!, outputs[0]!, sliceCopy(inputTypes[0]!, attributes)),
    },
    (node, x, begin, size) => {
      const full = size.map((length, axis) => (length === -1 ? x.shape[axis]! - begin[axis]! : length));
      return node([x], { begin: [...begin], size: full });
    },
  ),
);

/** The number of elements before and after, for each axis. */
export type Padding = readonly (readonly [before: number, after: number])[];
export type PadAttributes = { readonly padding: Padding; readonly value: number };

export function padCopy(x: TensorType, y: TensorType, { padding }: PadAttributes): StridedCopy {
  const targetStrides = stridesOf(y.shape);
  const before = padding.map(([first]) => first);
  const targetOffset = offsetOf(before, targetStrides);
  return { dims: x.shape, sourceStrides: stridesOf(x.shape), targetStrides, sourceOffset: 0, targetOffset };
}

function inferPad([x]: readonly TensorType[], { padding }: PadAttributes): TensorType {
  const { shape, dtype } = x!;
  requireDType('pad', dtype, 'float32', 'int32');
  if (padding.length !== shape.length) {
    throw new ShapeError(
      `pad: ${formatShape(shape)} needs ${shape.length} pairs [before, after], not ${padding.length}`,
    );
  }
  const bad = padding.flat().find((count) => !Number.isInteger(count) || count < 0);
  if (bad !== undefined) throw new ShapeError(`pad: counts must be integers ≥ 0, not ${bad}: use slice() to cut`);
  return { shape: shape.map((dimension, axis) => padding[axis]![0] + dimension + padding[axis]![1]), dtype };
}

/**
 * Pads x with a constant value.
 *
 * @param x float32 or int32
 * @param padding one pair [before, after] per axis
 * @param value the fill value. Default 0.
 * @returns a tensor of x's dtype
 * @throws ShapeError unless there is one pair of counts ≥ 0 for each axis; DTypeError for other dtypes
 * @example pad(tensor([1, 2]), [[1, 2]]); // [0, 1, 2, 0, 0]
 */
export const pad: OpFunction<
  [x: TensorLike, padding: Padding, value?: number],
  StructuredOp<PadAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, padding: pairs, value: optionalNumber },
  /* @__PURE__ */ structured<PadAttributes, [x: Node, padding: Padding, value?: number]>(
    {
      name: 'pad',
      infer: inferPad,
      gradient: ({ inputs: [x], attributes: { padding }, upstream }) => [
        slice(
          upstream,
          padding.map(([before]) => before),
          x!.shape,
        ),
      ],
      kernels: {
        wasm: [
          {
            name: 'fill-and-copy',
            lower: ({ inputs, outputs, attributes }) => {
              const [x, y] = [inputs[0]!, outputs[0]!];
              const value = y.dtype === 'float32' ? float(attributes.value) : attributes.value;
              return [
                call(fillKernel, { out: output(0), count: sizeOf(y.shape), value }),
                stridedCopyCall(input(0), output(0), padCopy(x, y, attributes)),
              ];
            },
          },
        ],
        webgpu: [
          {
            name: 'fill-and-copy',
            lower: ({ inputs, outputs, attributes }) => {
              const [x, y] = [inputs[0]!, outputs[0]!];
              return [
                fillDispatch(y, attributes.value),
                stridedCopyDispatch(input(0), output(0), padCopy(x, y, attributes)),
              ];
            },
          },
        ],
      },
      reference: ({ attributes, inputs, inputTypes, outputs, outputTypes }) => {
        outputs[0]!.fill(attributes.value);
        referenceCopy(inputs[0]!, outputs[0]!, padCopy(inputTypes[0]!, outputTypes[0]!, attributes));
      },
    },
    (node, x, padding, value = 0) =>
      padding.length === x.shape.length && padding.flat().every((count) => count === 0)
        ? x
        : node([x], {
            padding: padding.map(([before, after]) => [before, after] as const),
            value: withinFloat32(value),
          }),
  ),
);
