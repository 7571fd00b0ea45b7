/**
 * Element-wise arithmetic. Shapes broadcast; the rules give gradients in the broadcast shape, and autodiff sums them
 * back. One file, because the gradient of each needs another.
 */
import { maximumHelper, minimumHelper, moduloHelper } from '../../generated/shaders/elementwise.ts';
import { functionsDoubleWasm } from '../../generated/wasm/functions-double.ts';
import { greaterEqual, less, lessEqual, greater } from './compare.ts';
import { binary, unary } from '../define.ts';
import type { Binary, Unary } from '../define.ts';
import { floor, sign } from './rounding.ts';
import { select } from './select.ts';

/** x + y. float32, broadcasts. */
export const add: Binary = /* @__PURE__ */ binary({
  name: 'add',
  gradient: ({ upstream }) => [upstream, upstream],
  wgsl: 'x + y',
  wasm: 'add',
  identity: [0, 0],
  isAddition: true,
  reference: (_, x, y) => x + y,
});

/** x − y. float32, broadcasts. */
export const sub: Binary = /* @__PURE__ */ binary({
  name: 'sub',
  gradient: ({ upstream }) => [upstream, neg(upstream)],
  wgsl: 'x - y',
  wasm: 'sub',
  identity: [undefined, 0],
  reference: (_, x, y) => x - y,
});

/** x · y, element by element. float32, broadcasts. */
export const mul: Binary = /* @__PURE__ */ binary({
  name: 'mul',
  gradient: ({ inputs: [x, y], upstream }) => [mul(upstream, y!), mul(upstream, x!)],
  wgsl: 'x * y',
  wasm: 'mul',
  identity: [1, 1],
  reference: (_, x, y) => x * y,
});

/** x / y. float32, broadcasts. Division by 0 gives ±∞, 0 / 0 NaN, as IEEE 754 has it. */
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

/** −x. */
export const neg: Unary = /* @__PURE__ */ unary({
  name: 'neg',
  gradient: ({ upstream }) => [neg(upstream)],
  wgsl: '-x',
  wasm: 'neg',
  simplify: ({ op, inputs: [x] }) => (x!.op === op ? x!.inputs[0] : undefined),
  reference: (_, x) => -x,
});

/** x². */
export const square: Unary = /* @__PURE__ */ unary({
  name: 'square',
  gradient: ({ inputs: [x], upstream }) => [mul(upstream, mul(x!, 2))],
  wgsl: 'x * x',
  wasm: 'square',
  reference: (_, x) => x * x,
});

/** 1 / x. */
export const reciprocal: Unary = /* @__PURE__ */ unary({
  name: 'reciprocal',
  gradient: ({ output, upstream }) => [neg(mul(upstream, square(output)))],
  wgsl: '1.0 / x',
  wasm: 'reciprocal',
  reference: (_, x) => 1 / x,
});

/** |x|. The gradient at 0 is 0. */
export const abs: Unary = /* @__PURE__ */ unary({
  name: 'abs',
  gradient: ({ inputs: [x], upstream }) => [mul(upstream, sign(x!))],
  wgsl: 'abs(x)',
  wasm: 'abs',
  reference: (_, x) => Math.abs(x),
});

/**
 * The greater of x and y; NaN where either is NaN. float32, broadcasts. Where both are equal, x takes the gradient, as in
 * TensorFlow; where either is NaN, neither gets any.
 */
export const maximum: Binary = /* @__PURE__ */ binary({
  name: 'maximum',
  gradient: ({ inputs: [x, y], upstream }) => [
    select(greaterEqual(x!, y!), upstream, 0),
    select(less(x!, y!), upstream, 0),
  ],
  wgsl: 'maximum(x, y)', // a helper of the skeleton: WGSL's max may drop NaN
  helpers: [maximumHelper],
  wasm: 'maximum',
  reference: (_, x, y) => Math.max(x, y),
});

/** The smaller of x and y; NaN where either is NaN. float32, broadcasts. The gradient is as that of `maximum`. */
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
 * x − y · ⌊x / y⌋: the remainder that has the sign of y, also where it is 0, as in NumPy and Python. NaN where x is
 * infinite or y is 0; for an infinite y it is x where both have the same sign, else y. float32, broadcasts. The gradient
 * with respect to y is −⌊x / y⌋.
 *
 * On WebGPU a subnormal y counts as 0.
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
