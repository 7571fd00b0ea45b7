/** Element-wise activation functions. The float64 references do not overflow for any finite x. */
import {
  eluHelper,
  geluHelper,
  maximumHelper,
  minimumHelper,
  sigmoidHelper,
  siluHelper,
  softplusHelper,
  tanhSafeHelper,
} from '../../generated/shaders/elementwise.ts';
import { functionsWasm } from '../../generated/wasm/functions.ts';
import { scalar } from '../arguments.ts';
import { add, mul, square, sub } from './arithmetic.ts';
import { greater, less, logicalAnd } from './compare.ts';
import { erf, exp } from './math.ts';
import { unary, unaryWith, wgslFloat } from '../define.ts';
import type { Unary, UnaryWith } from '../define.ts';
import { erfc as erfcReference, sigmoid as sigmoidReference } from './reference-math.ts';
import { select } from './select.ts';

export type AlphaAttributes = { readonly alpha: number };

/**
 * max(x, 0). Propagates NaN. The gradient is 0 where x is 0 or NaN.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example relu(tensor([-1, 0, 2])); // [0, 0, 2]
 */
export const relu: Unary = /* @__PURE__ */ unary({
  name: 'relu',
  gradient: ({ output, upstream }) => [select(greater(output, 0), upstream, 0)],
  wgsl: 'maximum(x, 0.0)',
  helpers: [maximumHelper],
  wasm: 'relu',
  epilogueNumber: 1,
  derivative: { wgsl: 'select(0.,sum,other>0.)', wasm: 2, reference: (sum, y) => (y > 0 ? sum : 0) },
  reference: (_, x) => (x < 0 ? 0 : x),
});

/**
 * min(max(x, 0), 6) (Krizhevsky 2010). Propagates NaN. The gradient is 1 for 0 < x < 6 and 0 elsewhere, including both
 * bounds, as in PyTorch and TensorFlow.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const relu6: Unary = /* @__PURE__ */ unary({
  name: 'relu6',
  gradient: ({ inputs: [x], upstream }) => [select(logicalAnd(greater(x!, 0), less(x!, 6)), upstream, 0)],
  wgsl: 'minimum(maximum(x, 0.0), 6.0)',
  helpers: [maximumHelper, minimumHelper],
  wasm: 'relu6',
  immediates: () => [6],
  reference: (_, x) => Math.min(Math.max(x, 0), 6),
});

/**
 * alpha · x where x < 0, otherwise x. The gradient at 0 is alpha, as in PyTorch.
 *
 * @param x float32, any shape
 * @param options `alpha`: a finite number, the gradient for x < 0
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example leakyRelu(x, { alpha: 0.01 });
 */
export const leakyRelu: UnaryWith<AlphaAttributes> = /* @__PURE__ */ unaryWith<AlphaAttributes>(
  { alpha: scalar },
  {
    name: 'leakyRelu',
    gradient: ({ inputs: [x], attributes: { alpha }, upstream }) => [
      select(greater(x!, 0), upstream, mul(upstream, alpha)),
    ],
    wgsl: ({ alpha }) => `select(x, x * ${wgslFloat(alpha)}, x < 0.0)`,
    wasm: 'leaky_relu',
    immediates: ({ alpha }) => [alpha],
    reference: ({ alpha }, x) => (x < 0 ? alpha * x : x),
  },
);

/**
 * alpha · (eˣ − 1) where x < 0, otherwise x (Clevert, Unterthiner, Hochreiter 2016). The gradient at 0 is alpha.
 *
 * @param x float32, any shape
 * @param options `alpha`: a finite number; the output approaches −alpha for x → −∞
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example elu(x, { alpha: 1 });
 */
export const elu: UnaryWith<AlphaAttributes> = /* @__PURE__ */ unaryWith<AlphaAttributes>(
  { alpha: scalar },
  {
    name: 'elu',
    // alpha · eˣ = output + alpha where x ≤ 0. This avoids a second exponential, and the unselected branch cannot overflow.
    gradient: ({ inputs: [x], attributes: { alpha }, output, upstream }) => [
      select(greater(x!, 0), upstream, mul(upstream, add(output, alpha))),
    ],
    wgsl: ({ alpha }) => `elu(x, ${wgslFloat(alpha)})`,
    helpers: [eluHelper],
    wasm: 'elu',
    wasmModule: functionsWasm,
    immediates: ({ alpha }) => [alpha],
    reference: ({ alpha }, x) => (x < 0 ? alpha * Math.expm1(x) : x),
  },
);

/**
 * The logistic function 1 / (1 + e^(−x)). Does not overflow.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example sigmoid(tensor([0])); // [0.5]
 */
export const sigmoid: Unary = /* @__PURE__ */ unary({
  name: 'sigmoid',
  probabilities: 'elements',
  gradient: ({ output, upstream }) => [mul(upstream, mul(output, sub(1, output)))],
  wgsl: 'sigmoid(x)',
  helpers: [sigmoidHelper],
  wasm: 'sigmoid',
  wasmModule: functionsWasm,
  derivative: { wgsl: 'sum*(other*(1.-other))', wasm: 3, reference: (sum, y) => sum * (y * (1 - y)) },
  reference: (_, x) => sigmoidReference(x),
});

/**
 * The hyperbolic tangent.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example tanh(tensor([0, 1])); // [0, 0.7616]
 */
export const tanh: Unary = /* @__PURE__ */ unary({
  name: 'tanh',
  gradient: ({ output, upstream }) => [mul(upstream, sub(1, square(output)))],
  wgsl: 'tanh_safe(x)', // a shader helper, because WGSL's tanh may overflow
  helpers: [tanhSafeHelper],
  wasm: 'tanh',
  wasmModule: functionsWasm,
  derivative: { wgsl: 'sum*(1.-other*other)', wasm: 4, reference: (sum, y) => sum * (1 - y * y) },
  reference: (_, x) => Math.tanh(x),
});

/**
 * log(1 + eˣ), computed as max(x, 0) + log1p(e^(−|x|)) so that it does not overflow.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const softplus: Unary = /* @__PURE__ */ unary({
  name: 'softplus',
  gradient: ({ inputs: [x], upstream }) => [mul(upstream, sigmoid(x!))],
  wgsl: 'softplus(x)',
  helpers: [softplusHelper],
  wasm: 'softplus',
  wasmModule: functionsWasm,
  reference: (_, x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
});

/**
 * x · Φ(x), where Φ is the exact normal distribution function ½ (1 + erf(x / √2)) (Hendrycks, Gimpel 2016).
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example gelu(tensor([-1, 0, 1])); // [-0.1587, 0, 0.8413]
 */
export const gelu: Unary = /* @__PURE__ */ unary({
  name: 'gelu',
  // The derivative is Φ(x) + x · φ(x), where φ is the normal density.
  gradient: ({ inputs: [x], upstream }) => {
    const distribution = mul(add(erf(mul(x!, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(upstream, add(distribution, mul(x!, density)))];
  },
  wgsl: 'gelu(x)',
  helpers: [geluHelper],
  wasm: 'gelu',
  wasmModule: functionsWasm,
  reference: (_, x) => {
    const tail = Math.abs(x) === Infinity ? 0 : 0.5 * Math.abs(x) * erfcReference(Math.abs(x) * Math.SQRT1_2);
    return x < 0 ? -tail : x - tail;
  },
});

/**
 * x · sigmoid(x), also called swish.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const silu: Unary = /* @__PURE__ */ unary({
  name: 'silu',
  gradient: ({ inputs: [x], output, upstream }) => {
    const gate = sigmoid(x!);
    return [mul(upstream, add(gate, mul(output, sub(1, gate))))];
  },
  wgsl: 'silu(x)',
  helpers: [siluHelper],
  wasm: 'silu',
  wasmModule: functionsWasm,
  reference: (_, x) => (x === -Infinity ? 0 : x * sigmoidReference(x)),
});
