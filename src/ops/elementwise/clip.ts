/** Element-wise ops with attributes: clipping to a range and conversion between dtypes. */
import { oneOf, options, required } from '../../core/arguments.ts';
import { ValueError } from '../../core/errors.ts';
import { maximumHelper, minimumHelper } from '../../generated/shaders/elementwise.ts';
import type { Node } from '../../graph/node.ts';
import type { ElementwiseOp } from '../../graph/op.ts';
import { bound, operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { greaterEqual, lessEqual, logicalAnd } from './compare.ts';
import { checkedOp, defineOp, inferElementwise, wgslFloat } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { select } from './select.ts';

export type ClipAttributes = { readonly min: number; readonly max: number };

const clipOp: ElementwiseOp<ClipAttributes> = {
  name: 'clip',
  kind: 'elementwise',
  arity: 1,
  infer: (inputs, { min, max }) => {
    if (!(min <= max)) throw new ValueError(`clip: min must be ≤ max, not min ${min} with max ${max}`);
    return inferElementwise('clip', inputs);
  },
  gradient: ({ inputs: [x], attributes: { min, max }, upstream }) => [
    select(logicalAnd(greaterEqual(x!, min), lessEqual(x!, max)), upstream, 0),
  ],
  wgsl: ({ min, max }) => {
    const above = min === -Infinity ? 'x' : `maximum(x, ${wgslFloat(min)})`;
    return max === Infinity ? above : `minimum(${above}, ${wgslFloat(max)})`;
  },
  helpers: [maximumHelper, minimumHelper],
  wasm: 'clip',
  immediates: ({ min, max }) => [min, max],
  reference: ({ min, max }, x) => Math.min(Math.max(x, min), max),
};

/**
 * Limits x to the range [min, max]. A missing bound is infinite. Propagates NaN. The gradient is 1 where min ≤ x ≤ max,
 * bounds included as in PyTorch, and 0 elsewhere.
 *
 * @param x float32, any shape
 * @param options `min` and `max`: numbers other than NaN; defaults −∞ and ∞
 * @returns float32 of x's shape
 * @throws ValueError unless min ≤ max; DTypeError unless x is float32
 * @example clip(x, { min: 0 });
 */
export const clip: OpFunction<
  [x: TensorLike, options: Partial<ClipAttributes>],
  ElementwiseOp<ClipAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, options: /* @__PURE__ */ required(/* @__PURE__ */ options({ min: bound, max: bound })) },
  /* @__PURE__ */ defineOp<ClipAttributes, ElementwiseOp<ClipAttributes>, [x: Node, bounds: Partial<ClipAttributes>]>(
    clipOp,
    (node, x, { min = -Infinity, max = Infinity }) => node([x], { min, max }),
  ),
);

export type CastAttributes = { readonly dtype: 'float32' | 'int32' };

const castOp: ElementwiseOp<CastAttributes> = {
  name: 'cast',
  kind: 'elementwise',
  arity: 1,
  infer: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  gradient: null, // the input or the output is always an integer tensor
  simplify: ({ inputs: [x] }) => x,
  wgsl: 'x', // kernels convert on load and store
  wasm: 'copy',
  reference: ({ dtype }, x) => (dtype === 'int32' ? saturate(x) : x),
};

/** Truncates towards zero, saturates at the int32 range and maps NaN to 0, as the wasm and WGSL conversions do. */
function saturate(x: number): number {
  return Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), -(2 ** 31)), 2 ** 31 - 1);
}

/**
 * Converts x to another dtype: int32 or uint8 to float32 (exact up to 2²⁴), or float32 to int32 (truncates towards zero,
 * saturates at the int32 range, maps NaN to 0). Returns x itself if it already has the dtype. Has no gradient.
 *
 * @param x any shape
 * @param dtype 'float32' or 'int32'
 * @returns a tensor of x's shape and the given dtype
 * @throws ValueError for any other dtype
 * @example cast(tensor([1.7, -1.7]), 'int32'); // [1, -1]
 */
export const cast: OpFunction<
  [x: TensorLike, dtype: 'float32' | 'int32'],
  ElementwiseOp<CastAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, dtype: /* @__PURE__ */ required(/* @__PURE__ */ oneOf('float32', 'int32')) },
  /* @__PURE__ */ defineOp<CastAttributes, ElementwiseOp<CastAttributes>, [x: Node, dtype: 'float32' | 'int32']>(
    castOp,
    (node, x, dtype) => (x.dtype === dtype ? x : node([x], { dtype })),
  ),
);
