/**
 * Rounding to integers that stay float32, and the sign. Piecewise constant: the derivative is zero wherever there is
 * one, so none has a gradient.
 */
import { isNanHelper, roundEvenHelper, signSafeHelper } from '../../generated/shaders/elementwise.ts';
import { unary } from '../define.ts';
import type { Unary } from '../define.ts';

/** The greatest integer ≤ x. */
export const floor: Unary = /* @__PURE__ */ unary({
  name: 'floor',
  gradient: null,
  wgsl: 'floor(x)',
  wasm: 'floor',
  reference: (_, x) => Math.floor(x),
});

/** The least integer ≥ x. */
export const ceil: Unary = /* @__PURE__ */ unary({
  name: 'ceil',
  gradient: null,
  wgsl: 'ceil(x)',
  wasm: 'ceil',
  reference: (_, x) => Math.ceil(x),
});

/** The nearest integer; halves go to the even one, as IEEE 754 does. */
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

/** −1, 0 or 1 by the sign of x; NaN stays NaN, as in NumPy. */
export const sign: Unary = /* @__PURE__ */ unary({
  name: 'sign',
  gradient: null,
  wgsl: 'sign_safe(x)',
  helpers: [signSafeHelper],
  wasm: 'sign',
  reference: (_, x) => Math.sign(x),
});

/** 1 where x > 0, else 0; NaN stays NaN, as in NumPy's `heaviside`. */
export const step: Unary = /* @__PURE__ */ unary({
  name: 'step',
  gradient: null,
  wgsl: 'select(select(0.0, 1.0, x > 0.0), x, is_nan(x))',
  helpers: [isNanHelper],
  wasm: 'step',
  reference: (_, x) => (Number.isNaN(x) ? NaN : Number(x > 0)),
});
