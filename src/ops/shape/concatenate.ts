/** Concatenation and stacking of tensors. The gradient slices the upstream gradient. */
import { required } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, normalizeAxis, stridesOf } from '../../core/shape.ts';
import { input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp, TensorType } from '../../graph/op.ts';
import { axis as axisType, operands } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { checked, checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { expandDims } from './reshape.ts';
import { slice } from './slice.ts';
import { referenceCopy, stridedCopyCall } from './strided-copy.ts';
import { stridedCopyDispatch } from './strided-copy-wgsl.ts';
import type { StridedCopy } from './strided-copy.ts';

export type ConcatenateAttributes = { readonly axis: number };

/** One strided copy per input, which writes it after the preceding inputs. */
export function concatenateCopies(xs: readonly TensorType[], y: TensorType, axis: number): StridedCopy[] {
  const targetStrides = stridesOf(y.shape);
  let place = 0;
  return xs.map(({ shape }) => {
    const targetOffset = place * targetStrides[axis]!;
    place += shape[axis]!;
    return { dims: shape, sourceStrides: stridesOf(shape), targetStrides, sourceOffset: 0, targetOffset };
  });
}

function inferConcatenate(xs: readonly TensorType[], { axis }: ConcatenateAttributes): TensorType {
  const { shape: first, dtype } = xs[0]!;
  requireDType('concatenate', dtype, 'float32', 'int32');
  for (const x of xs) {
    requireDType('concatenate', x.dtype, dtype);
    if (x.shape.length !== first.length || x.shape.some((size, at) => at !== axis && size !== first[at])) {
      throw new ShapeError(
        `concatenate: ${formatShape(first)} and ${formatShape(x.shape)} differ beside axis ${axis}: ` +
          `all other dimensions must be equal`,
      );
    }
  }
  const joined = xs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return { shape: first.map((dimension, at) => (at === axis ? joined : dimension)), dtype };
}

/**
 * Joins tensors along an existing axis. Also exported as `concat`.
 *
 * @param xs at least one tensor; all float32 or all int32, with equal shapes except along `axis`
 * @param axis negative axes count from the end
 * @returns a tensor of the same dtype, whose size along `axis` is the sum of the inputs' sizes
 * @throws ShapeError when `xs` is empty, the axis does not exist or other dimensions differ; DTypeError for other or
 *   mixed dtypes
 * @example concatenate([tensor([[1, 2]]), tensor([[3, 4]])], 0); // [[1, 2], [3, 4]]
 */
export const concatenate: OpFunction<
  [xs: readonly TensorLike[], axis: number],
  StructuredOp<ConcatenateAttributes>
> = /* @__PURE__ */ checkedOp(
  { xs: operands, axis: /* @__PURE__ */ required(axisType) },
  /* @__PURE__ */ structured<ConcatenateAttributes, [xs: readonly Node[], axis: number]>(
    {
      name: 'concatenate',
      infer: inferConcatenate,
      gradient: ({ inputs, attributes: { axis }, upstream }) => {
        let place = 0;
        return inputs.map(({ shape }) => {
          const begin = shape.map((_, at) => (at === axis ? place : 0));
          place += shape[axis]!;
          return slice(upstream, begin, shape);
        });
      },
      kernels: {
        wasm: [
          {
            name: 'strided',
            lower: ({ inputs, outputs, attributes: { axis } }) =>
              concatenateCopies(inputs, outputs[0]!, axis).map((copy, index) =>
                stridedCopyCall(input(index), output(0), copy),
              ),
          },
        ],
        webgpu: [
          {
            name: 'strided',
            lower: ({ inputs, outputs, attributes: { axis } }) =>
              concatenateCopies(inputs, outputs[0]!, axis).map((copy, index) =>
                stridedCopyDispatch(input(index), output(0), copy),
              ),
          },
        ],
      },
      reference: ({ attributes: { axis }, inputs, inputTypes, outputs, outputTypes }) =>
        concatenateCopies(inputTypes, outputTypes[0]!, axis).forEach((copy, index) =>
          referenceCopy(inputs[index]!, outputs[0]!, copy),
        ),
    },
    (node, xs, axis) => {
      const [first] = xs;
      if (first === undefined) throw new ShapeError('concatenate: there is nothing to join: give at least one tensor');
      const place = normalizeAxis('concatenate', axis, first.shape.length);
      return xs.length === 1 ? first : node(xs, { axis: place });
    },
  ),
);

/**
 * Joins tensors of equal shape along a new axis.
 *
 * @param xs at least one tensor; all float32 or all int32, of the same shape
 * @param axis index of the new axis in the result; negative indices count from its end. Default 0.
 * @returns a tensor of the same dtype with one more axis, of size `xs.length`
 * @throws ShapeError when `xs` is empty, the axis is out of range or the shapes differ; DTypeError for other or mixed
 *   dtypes
 * @example stack([tensor([1, 2]), tensor([3, 4])]); // [[1, 2], [3, 4]]
 */
export const stack: (xs: readonly TensorLike[], axis?: number) => Node = /* @__PURE__ */ checked(
  'stack',
  { xs: operands, axis: axisType },
  (xs: readonly Node[], axis = 0) => {
    if (xs[0] === undefined) throw new ShapeError('stack: there is nothing to stack: give at least one tensor');
    const place = normalizeAxis('stack', axis, xs[0].shape.length + 1);
    return concatenate(
      xs.map((x) => expandDims(x, place)),
      place,
    );
  },
);
