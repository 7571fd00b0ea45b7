/**
 * Explicit broadcasting of a tensor to a shape. Rarely needed in memory, because element-wise ops broadcast implicitly.
 */
import { ShapeError } from '../../core/errors.ts';
import { broadcastShapes, formatShape, sameShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import type { ElementwiseOp } from '../../graph/op.ts';
import { operand, shape } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { checkedOp, defineOp, inferElementwise } from '../define.ts';
import type { OpFunction } from '../define.ts';

export type BroadcastAttributes = { readonly shape: Shape };

const broadcastToOp: ElementwiseOp<BroadcastAttributes> = {
  name: 'broadcastTo',
  kind: 'elementwise',
  arity: 1,
  infer: (inputs, { shape }) => {
    const from = inputs[0]!.shape;
    if (!sameShape(broadcastShapes('broadcastTo', from, shape), shape)) {
      throw new ShapeError(`broadcastTo: ${formatShape(from)} does not stretch to ${formatShape(shape)}`);
    }
    return { ...inferElementwise('broadcastTo', inputs), shape };
  },
  gradient: ({ upstream }) => [upstream],
  simplify: ({ inputs: [x] }) => x,
  wgsl: 'x',
  wasm: 'copy',
  reference: (_, x) => x,
};

/**
 * Broadcasts x to `shape`: repeats x along its axes of size 1 and along new leading axes. Returns x itself if it already
 * has the shape.
 *
 * @param x float32
 * @param shape the target shape
 * @returns float32 of `shape`
 * @throws ShapeError when x does not broadcast to `shape`; DTypeError unless x is float32
 * @example broadcastTo(tensor([1, 2]), [3, 2]); // [[1, 2], [1, 2], [1, 2]]
 */
export const broadcastTo: OpFunction<
  [x: TensorLike, shape: Shape],
  ElementwiseOp<BroadcastAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, shape },
  /* @__PURE__ */ defineOp<BroadcastAttributes, ElementwiseOp<BroadcastAttributes>, [x: Node, shape: Shape]>(
    broadcastToOp,
    (node, x, shape) => (sameShape(x.shape, shape) ? x : node([x], { shape: [...shape] })),
  ),
);
