/**
 * Element-wise comparisons and logic with broadcasting. The result is a float32 mask of 1 (true) and 0 (false) that can
 * be summed, averaged or passed to `select`. A comparison with NaN is false, except for `notEqual`. Logical ops treat
 * every value other than 0 as true, including NaN. The ops are piecewise constant and have no gradient.
 */
import { binary, unary } from '../define.ts';
import type { Binary, Unary } from '../define.ts';

/**
 * 1 where x = y, otherwise 0; 0 where either is NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 * @example mean(equal(predictions, labels)); // accuracy, for float32 class indices
 */
export const equal: Binary = /* @__PURE__ */ binary({
  name: 'equal',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x == y)',
  wasm: 'equal',
  reference: (_, x, y) => Number(x === y),
});

/**
 * 1 where x ≠ y, otherwise 0; 1 where either is NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const notEqual: Binary = /* @__PURE__ */ binary({
  name: 'notEqual',
  gradient: null,
  wgsl: 'select(1.0, 0.0, x == y)', // NaN must give 1, and == is false for NaN
  wasm: 'not_equal',
  reference: (_, x, y) => Number(x !== y),
});

/**
 * 1 where x < y, otherwise 0; 0 where either is NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const less: Binary = /* @__PURE__ */ binary({
  name: 'less',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x < y)',
  wasm: 'less',
  reference: (_, x, y) => Number(x < y),
});

/**
 * 1 where x ≤ y, otherwise 0; 0 where either is NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const lessEqual: Binary = /* @__PURE__ */ binary({
  name: 'lessEqual',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x <= y)',
  wasm: 'less_equal',
  reference: (_, x, y) => Number(x <= y),
});

/**
 * 1 where x > y, otherwise 0; 0 where either is NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const greater: Binary = /* @__PURE__ */ binary({
  name: 'greater',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x > y)',
  wasm: 'greater',
  reference: (_, x, y) => Number(x > y),
});

/**
 * 1 where x ≥ y, otherwise 0; 0 where either is NaN.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const greaterEqual: Binary = /* @__PURE__ */ binary({
  name: 'greaterEqual',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x >= y)',
  wasm: 'greater_equal',
  reference: (_, x, y) => Number(x >= y),
});

/**
 * 1 where neither x nor y is 0, otherwise 0.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const logicalAnd: Binary = /* @__PURE__ */ binary({
  name: 'logicalAnd',
  gradient: null,
  wgsl: 'select(1.0, 0.0, x == 0.0 || y == 0.0)',
  wasm: 'logical_and',
  reference: (_, x, y) => Number(x !== 0 && y !== 0),
});

/**
 * 1 where x or y is not 0, otherwise 0.
 *
 * @param x float32
 * @param y float32; broadcasts with x
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both operands are float32
 */
export const logicalOr: Binary = /* @__PURE__ */ binary({
  name: 'logicalOr',
  gradient: null,
  wgsl: 'select(1.0, 0.0, x == 0.0 && y == 0.0)',
  wasm: 'logical_or',
  reference: (_, x, y) => Number(x !== 0 || y !== 0),
});

/**
 * 1 where x is 0, otherwise 0.
 *
 * @param x float32, any shape
 * @returns float32 of x's shape
 * @throws DTypeError unless x is float32
 */
export const logicalNot: Unary = /* @__PURE__ */ unary({
  name: 'logicalNot',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x == 0.0)',
  wasm: 'logical_not',
  reference: (_, x) => Number(x === 0),
});
