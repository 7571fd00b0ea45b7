/**
 * Element-wise arithmetic with broadcasting. Gradient rules return gradients of the broadcast shape; autodiff sums them
 * back to the shapes of the operands. All ops are in one file because their gradient rules use each other.
 */
import { maximumHelper, minimumHelper, moduloHelper } from '../../generated/shaders/elementwise.ts';
import { functionsDoubleWasm } from '../../generated/wasm/functions-double.ts';
import { greaterEqual, less, lessEqual, greater } from './compare.ts';
import { binary, unary } from '../define.ts';
import type { Binary, Unary } from '../define.ts';
import { floor, sign } from './rounding.ts';
import { select } from './select.ts';

/**
 * x + y.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example add(tensor([[1], [2]]), tensor([10, 20])); // [[11, 21], [12, 22]]
 */
export const add: Binary = /* @__PURE__ */ binary({
  name: 'add',
  gradient: ({ upstream }) => [upstream, upstream],
  wgsl: 'x + y',
  wasm: 'add',
  identity: [0, 0],
  isAddition: true,
  reference: (_, x, y) => x + y,
});

/**
 * x − y.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example sub(tensor([3, 4]), 1); // [2, 3]
 */
export const sub: Binary = /* @__PURE__ */ binary({
  name: 'sub',
  gradient: ({ upstream }) => [upstream, neg(upstream)],
  wgsl: 'x - y',
  wasm: 'sub',
  identity: [undefined, 0],
  reference: (_, x, y) => x - y,
});

/**
 * The element-wise product x · y. See `matmul` for the matrix product.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example mul(tensor([3, 4]), 2); // [6, 8]
 */
export const mul: Binary = /* @__PURE__ */ binary({
  name: 'mul',
  gradient: ({ inputs: [x, y], upstream }) => [mul(upstream, y!), mul(upstream, x!)],
  wgsl: 'x * y',
  wasm: 'mul',
  identity: [1, 1],
  reference: (_, x, y) => x * y,
});

/**
 * x / y. Follows IEEE 754: division by 0 gives ±∞, and 0 / 0 gives NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example div(tensor([3, 4]), 2); // [1.5, 2]
 */
export const div: Binary = /* @__PURE__ */ binary({
  name: 'div',
  gradient: ({ inputs: [, y], output, upstream }) => {
    const dx = div(upstream, y!);
    return [dx, neg(mul(dx, output))];
  },
  wgsl: 'x / y',
  wasm: 'div',
  identity: [undefined, 1],
  reference: (_, x, y) => x / y,
});

/**
 * −x.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const neg: Unary = /* @__PURE__ */ unary({
  name: 'neg',
  gradient: ({ upstream }) => [neg(upstream)],
  wgsl: '-x',
  wasm: 'neg',
  simplify: ({ op, inputs: [x] }) => (x!.op === op ? x!.inputs[0] : undefined),
  reference: (_, x) => -x,
});

/**
 * x².
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const square: Unary = /* @__PURE__ */ unary({
  name: 'square',
  gradient: ({ inputs: [x], upstream }) => [mul(upstream, mul(x!, 2))],
  wgsl: 'x * x',
  wasm: 'square',
  reference: (_, x) => x * x,
});

/**
 * 1 / x.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const reciprocal: Unary = /* @__PURE__ */ unary({
  name: 'reciprocal',
  gradient: ({ output, upstream }) => [neg(mul(upstream, square(output)))],
  wgsl: '1.0 / x',
  wasm: 'reciprocal',
  reference: (_, x) => 1 / x,
});

/**
 * x|. The gradient at 0 is 0.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const abs: Unary = /* @__PURE__ */ unary({
  name: 'abs',
  gradient: ({ inputs: [x], upstream }) => [mul(upstream, sign(x!))],
  wgsl: 'abs(x)',
  wasm: 'abs',
  reference: (_, x) => Math.abs(x),
});

/**
 * The element-wise maximum of x and y; NaN where either is NaN. Where both are equal, x receives the gradient, as in
 * TensorFlow. Where either is NaN, both gradients are 0. See `max` for the maximum over axes.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example maximum(tensor([1, 5]), tensor([4, 2])); // [4, 5]
 */
export const maximum: Binary = /* @__PURE__ */ binary({
  name: 'maximum',
  gradient: ({ inputs: [x, y], upstream }) => [
    select(greaterEqual(x!, y!), upstream, 0),
    select(less(x!, y!), upstream, 0),
  ],
  wgsl: 'maximum(x, y)', // a shader helper, because WGSL's max may drop NaN
  helpers: [maximumHelper],
  wasm: 'maximum',
  reference: (_, x, y) => Math.max(x, y),
});

/**
 * The element-wise minimum of x and y; NaN where either is NaN. The gradient follows the same rules as that of `maximum`.
 * See `min` for the minimum over axes.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const minimum: Binary = /* @__PURE__ */ binary({
  name: 'minimum',
  gradient: ({ inputs: [x, y], upstream }) => [
    select(lessEqual(x!, y!), upstream, 0),
    select(greater(x!, y!), upstream, 0),
  ],
  wgsl: 'minimum(x, y)',
  helpers: [minimumHelper],
  wasm: 'minimum',
  reference: (_, x, y) => Math.min(x, y),
});

/**
 * The remainder x − y · ⌊x / y⌋. It has the sign of y, also where it is 0, as in NumPy and Python. The result is NaN
 * where x is infinite or y is 0. For an infinite y it is x if x and y have the same sign, otherwise y. The gradient with
 * respect to y is −⌊x / y⌋.
 *
 * WebGPU treats a subnormal y as 0.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example mod(tensor([-1, 5]), 3); // [2, 2]
 */
export const mod: Binary = /* @__PURE__ */ binary({
  name: 'mod',
  gradient: ({ inputs: [x, y], upstream }) => [upstream, neg(mul(upstream, floor(div(x!, y!))))],
  wgsl: 'modulo(x, y)',
  helpers: [moduloHelper],
  wasm: 'mod',
  wasmModule: functionsDoubleWasm,
  reference: (_, x, y) => {
    const rest = x % y; // has the sign of x
    if (rest === 0) return y < 0 ? -0 : 0;
    return rest < 0 !== y < 0 ? rest + y : rest;
  },
});
