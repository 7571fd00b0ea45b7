/**
 * Rounding to integers stored as float32, and the sign. The ops are piecewise constant: the derivative is 0 wherever it
 * exists, so none has a gradient rule.
 */
import { isNanHelper, roundEvenHelper, signSafeHelper } from '../../generated/shaders/elementwise.ts';
import { unary } from '../define.ts';
import type { Unary } from '../define.ts';

/**
 * The largest integer ≤ x. Has no gradient.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const floor: Unary = /* @__PURE__ */ unary({
  name: 'floor',
  gradient: null,
  wgsl: 'floor(x)',
  wasm: 'floor',
  reference: (_, x) => Math.floor(x),
});

/**
 * The smallest integer ≥ x. Has no gradient.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const ceil: Unary = /* @__PURE__ */ unary({
  name: 'ceil',
  gradient: null,
  wgsl: 'ceil(x)',
  wasm: 'ceil',
  reference: (_, x) => Math.ceil(x),
});

/**
 * The nearest integer; ties round to even, as in IEEE 754 and NumPy. Has no gradient.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 * @example round(tensor([0.5, 1.5, 2.4])); // [0, 2, 2]
 */
export const round: Unary = /* @__PURE__ */ unary({
  name: 'round',
  gradient: null,
  wgsl: 'round_even(x)',
  helpers: [roundEvenHelper],
  wasm: 'round',
  reference: (_, x) => {
    const down = Math.floor(x);
    const rest = x - down;
    return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : Math.ceil(x);
  },
});

/**
 * −1, 0 or 1, the sign of x. Propagates NaN, as in NumPy. Has no gradient.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const sign: Unary = /* @__PURE__ */ unary({
  name: 'sign',
  gradient: null,
  wgsl: 'sign_safe(x)',
  helpers: [signSafeHelper],
  wasm: 'sign',
  reference: (_, x) => Math.sign(x),
});

/**
 * The Heaviside step: 1 where x > 0, otherwise 0. Propagates NaN, as in NumPy's `heaviside`. Has no gradient.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const step: Unary = /* @__PURE__ */ unary({
  name: 'step',
  gradient: null,
  wgsl: 'select(select(0.0, 1.0, x > 0.0), x, is_nan(x))',
  helpers: [isNanHelper],
  wasm: 'step',
  reference: (_, x) => (Number.isNaN(x) ? NaN : Number(x > 0)),
});
