/** Element-wise exponentials, logarithms, powers and trigonometric functions. All float32. */
import {
  cosSafeHelper,
  erfHelper,
  expm1Helper,
  expSafeHelper,
  log1pHelper,
  logSafeHelper,
  powSafeHelper,
  sinSafeHelper,
} from '../../generated/shaders/elementwise.ts';
import { fillValue } from '../../graph/node.ts';
import type { Node } from '../../graph/node.ts';
import { functionsWasm } from '../../generated/wasm/functions.ts';
import { functionsDoubleWasm } from '../../generated/wasm/functions-double.ts';
import { add, div, mul, neg, square, sub } from './arithmetic.ts';
import { equal, greater } from './compare.ts';
import { binary, constant, unary } from '../define.ts';
import type { Binary, Unary } from '../define.ts';
import { erf as erfReference } from './reference-math.ts';
import { select } from './select.ts';

/**
 * eˣ.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example exp(tensor([0, 1])); // [1, 2.7183]
 */
export const exp: Unary = /* @__PURE__ */ unary({
  name: 'exp',
  gradient: ({ output, upstream }) => [mul(upstream, output)],
  wgsl: 'exp_safe(x)',
  helpers: [expSafeHelper],
  wasm: 'exp',
  wasmModule: functionsWasm,
  reference: (_, x) => Math.exp(x),
});

/**
 * eˣ − 1, accurate near 0.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const expm1: Unary = /* @__PURE__ */ unary({
  name: 'expm1',
  gradient: ({ output, upstream }) => [mul(upstream, add(output, 1))],
  wgsl: 'expm1(x)',
  helpers: [expm1Helper],
  wasm: 'expm1',
  wasmModule: functionsWasm,
  reference: (_, x) => Math.expm1(x),
});

/**
 * The natural logarithm: −∞ at 0, where the gradient is ∞, and NaN for x < 0.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const log: Unary = /* @__PURE__ */ unary({
  name: 'log',
  gradient: ({ inputs: [x], upstream }) => [div(upstream, x!)],
  wgsl: 'log_safe(x)',
  helpers: [logSafeHelper],
  wasm: 'log',
  wasmModule: functionsWasm,
  reference: (_, x) => Math.log(x),
});

/**
 * log(1 + x), accurate near 0.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const log1p: Unary = /* @__PURE__ */ unary({
  name: 'log1p',
  gradient: ({ inputs: [x], upstream }) => [div(upstream, add(x!, 1))],
  wgsl: 'log1p(x)',
  helpers: [log1pHelper],
  wasm: 'log1p',
  wasmModule: functionsWasm,
  reference: (_, x) => Math.log1p(x),
});

/**
 * √x; NaN for x < 0. The gradient at 0 is ∞, and NaN where the upstream gradient is 0; see `select`.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const sqrt: Unary = /* @__PURE__ */ unary({
  name: 'sqrt',
  gradient: ({ output, upstream }) => [div(mul(upstream, 0.5), output)],
  wgsl: 'sqrt(x)',
  wasm: 'sqrt',
  reference: (_, x) => Math.sqrt(x),
});

/**
 * 1 / √x.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const rsqrt: Unary = /* @__PURE__ */ unary({
  name: 'rsqrt',
  gradient: ({ output, upstream }) => [mul(mul(upstream, -0.5), mul(output, square(output)))],
  wgsl: 'inverseSqrt(x)',
  wasm: 'rsqrt',
  reference: (_, x) => 1 / Math.sqrt(x),
});

/** The derivative ∂xʸ/∂x = y · xʸ⁻¹. It is 0 for y = 0, also where x is 0. */
function powSlope(x: Node, y: Node): Node {
  const exponent = fillValue(y);
  if (exponent === undefined) return mul(y, pow(x, select(equal(y, 0), 1, sub(y, 1))));
  if (exponent === 0 || exponent === 1) return constant(exponent);
  return mul(exponent === 2 ? x : pow(x, exponent - 1), exponent);
}

/**
 * x to the power y; NaN for x < 0 unless y is an integer. Follows IEEE 754 and NumPy: x⁰ and 1ʸ are 1 for every x and y,
 * including NaN, and (−1) to the power ±∞ is 1. The gradient with respect to y is xʸ · log x for x > 0, and 0 elsewhere.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example pow(tensor([2, 3]), 3); // [8, 27]
 */
export const pow: Binary = /* @__PURE__ */ binary({
  name: 'pow',
  gradient: ({ inputs, output, upstream }) => {
    const [x, y] = inputs as [Node, Node];
    const positive = greater(x, 0);
    // The inner select keeps the unselected branch finite, so that its derivative is not NaN.
    const logarithm = log(select(positive, x, 1));
    return [mul(upstream, powSlope(x, y)), select(positive, mul(upstream, mul(output, logarithm)), 0)];
  },
  wgsl: 'pow_safe(x, y)', // a shader helper, because WGSL's pow does not accept x < 0
  helpers: [powSafeHelper],
  wasm: 'pow',
  wasmModule: functionsDoubleWasm,
  reference: (_, x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y)), // Math.pow gives NaN
});

/**
 * The sine of x.
 *
 * @param x float32, in radians, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const sin: Unary = /* @__PURE__ */ unary({
  name: 'sin',
  gradient: ({ inputs: [x], upstream }) => [mul(upstream, cos(x!))],
  wgsl: 'sin_safe(x)',
  helpers: [sinSafeHelper],
  wasm: 'sin',
  wasmModule: functionsDoubleWasm,
  reference: (_, x) => Math.sin(x),
});

/**
 * The cosine of x.
 *
 * @param x float32, in radians, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const cos: Unary = /* @__PURE__ */ unary({
  name: 'cos',
  gradient: ({ inputs: [x], upstream }) => [neg(mul(upstream, sin(x!)))],
  wgsl: 'cos_safe(x)',
  helpers: [cosSafeHelper],
  wasm: 'cos',
  wasmModule: functionsDoubleWasm,
  reference: (_, x) => Math.cos(x),
});

/**
 * The error function 2/√π · ∫₀ˣ e^(−t²) dt.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const erf: Unary = /* @__PURE__ */ unary({
  name: 'erf',
  gradient: ({ inputs: [x], upstream }) => [mul(mul(upstream, 2 / Math.sqrt(Math.PI)), exp(neg(square(x!))))],
  wgsl: 'erf(x)',
  helpers: [erfHelper],
  wasm: 'erf',
  wasmModule: functionsWasm,
  reference: (_, x) => erfReference(x),
});
