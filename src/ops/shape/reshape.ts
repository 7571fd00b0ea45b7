/** Changes of shape that keep the memory: nothing is computed or copied. */
import { required } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { checkShape, formatShape, normalizeAxes, normalizeAxis, sameShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import { replaceInputs } from '../../graph/node.ts';
import type { Node } from '../../graph/node.ts';
import type { AliasOp } from '../../graph/op.ts';
import { axes, axis as axisType, operand, shape } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { alias, checked, checkedOp } from '../define.ts';
import type { OpFunction } from '../define.ts';

export type ReshapeAttributes = { readonly shape: Shape };

/** Replaces a -1 in `shape` by the dimension that the number of elements implies. */
function resolve(from: Shape, shape: Shape): Shape {
  const free = shape.indexOf(-1);
  const known = sizeOf(shape.filter((dimension) => dimension !== -1));
  if (free < 0) return shape;
  if (shape.lastIndexOf(-1) !== free) {
    throw new ShapeError(`reshape: ${formatShape(shape)} has more than one -1: only one dimension can be worked out`);
  }
  if (known === 0 || sizeOf(from) % known !== 0) {
    throw new ShapeError(
      `reshape: ${formatShape(from)} of ${sizeOf(from)} elements does not divide into ${formatShape(shape)}`,
    );
  }
  return shape.map((dimension) => (dimension === -1 ? sizeOf(from) / known : dimension));
}

/**
 * Changes the shape and keeps the elements in row-major order. Copies nothing.
 *
 * @param x any dtype
 * @param shape the new shape; one dimension may be -1, which infers it from the number of elements
 * @returns a tensor of x's dtype
 * @throws ShapeError when the numbers of elements differ, or for more than one -1
 * @example reshape(tensor([1, 2, 3, 4, 5, 6]), [2, -1]); // [[1, 2, 3], [4, 5, 6]]
 */
export const reshape: OpFunction<[x: TensorLike, shape: Shape], AliasOp<ReshapeAttributes>> = /* @__PURE__ */ checkedOp(
  { x: operand, shape },
  /* @__PURE__ */ alias<ReshapeAttributes, [x: Node, shape: Shape]>(
    {
      name: 'reshape',
      infer: ([x], { shape }) => {
        checkShape('reshape', shape);
        if (sizeOf(x!.shape) !== sizeOf(shape)) {
          throw new ShapeError(
            `reshape: ${formatShape(x!.shape)} has ${sizeOf(x!.shape)} elements, ${formatShape(shape)} has ` +
              `${sizeOf(shape)}: use -1 for the dimension to work out`,
          );
        }
        return { shape, dtype: x!.dtype };
      },
      gradient: ({ inputs: [x], upstream }) => [reshape(upstream, x!.shape)],
      simplify: (node) => {
        const x = node.inputs[0]!;
        if (x.op !== node.op) return x;
        const source = x.inputs[0]!;
        return sameShape(source.shape, node.shape) ? source : replaceInputs(node, [source]);
      },
    },
    (node, x, shape) => {
      const resolved = resolve(x.shape, shape);
      return sameShape(x.shape, resolved) ? x : node([x], { shape: [...resolved] });
    },
  ),
);

/**
 * Joins all axes from index `from` into one. By default keeps the batch axis: [n, ...] → [n, rest].
 *
 * @throws ShapeError unless 0 ≤ from ≤ rank
 */
export function flatten(x: Node, from = 1): Node {
  if (!Number.isInteger(from) || from < 0 || from > x.shape.length) {
    throw new ShapeError(`flatten: cannot start at axis ${from} of ${formatShape(x.shape)}: use 0 … ${x.shape.length}`);
  }
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from))]);
}

/**
 * Inserts an axis of size 1.
 *
 * @param x any dtype
 * @param axis index of the new axis in the result; negative indices count from its end
 * @returns a tensor of x's dtype with one more axis
 * @throws ShapeError when the axis is out of range
 * @example expandDims(tensor([1, 2, 3]), -1); // shape [3, 1]
 */
export const expandDims: (x: TensorLike, axis: number) => Node = /* @__PURE__ */ checked(
  'expandDims',
  { x: operand, axis: /* @__PURE__ */ required(axisType) },
  (x: Node, axis: number) => {
    const place = normalizeAxis('expandDims', axis, x.shape.length + 1);
    return reshape(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)]);
  },
);

/**
 * Removes axes of size 1.
 *
 * @param x any dtype
 * @param axes an axis or an array of axes; negative axes count from the end. Default: all axes of size 1.
 * @returns a tensor of x's dtype
 * @throws ShapeError when a given axis does not exist or its size is not 1
 * @example squeeze(tensor([[1], [2]])); // [1, 2]
 */
export const squeeze: (x: TensorLike, axes?: number | readonly number[]) => Node = /* @__PURE__ */ checked(
  'squeeze',
  { x: operand, axes },
  (x: Node, axes?: number | readonly number[]) => {
    const all = x.shape.flatMap((dimension, axis) => (dimension === 1 ? [axis] : []));
    const dropped = axes === undefined ? all : normalizeAxes('squeeze', axes, x.shape.length);
    for (const axis of dropped) {
      if (x.shape[axis] !== 1) {
        throw new ShapeError(
          `squeeze: axis ${axis} of ${formatShape(x.shape)} is ${x.shape[axis]}: only axes of 1 can go`,
        );
      }
    }
    return reshape(
      x,
      x.shape.filter((_, axis) => !dropped.includes(axis)),
    );
  },
);
