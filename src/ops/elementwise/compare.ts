/**
 * Comparisons and logic, element-wise with broadcasting: float32 1 where the statement holds and 0 where it does not,
 * so that a mask can be summed, averaged, or given to `select`. A comparison with NaN does not hold (notEqual does).
 * For logic every value but 0 is true, NaN too. Piecewise constant, so none has a gradient.
 */
import { binary, unary } from '../define.ts';
import type { Binary, Unary } from '../define.ts';

/** 1 where x = y, else 0. float32, broadcasts. */
export const equal: Binary = /* @__PURE__ */ binary({
  name: 'equal',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x == y)',
  wasm: 'equal',
  reference: (_, x, y) => Number(x === y),
});

/** 1 where x ≠ y, else 0. float32, broadcasts. */
export const notEqual: Binary = /* @__PURE__ */ binary({
  name: 'notEqual',
  gradient: null,
  wgsl: 'select(1.0, 0.0, x == y)', // so that NaN gives 1 where == is false for it
  wasm: 'not_equal',
  reference: (_, x, y) => Number(x !== y),
});

/** 1 where x < y, else 0. float32, broadcasts. */
export const less: Binary = /* @__PURE__ */ binary({
  name: 'less',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x < y)',
  wasm: 'less',
  reference: (_, x, y) => Number(x < y),
});

/** 1 where x ≤ y, else 0. float32, broadcasts. */
export const lessEqual: Binary = /* @__PURE__ */ binary({
  name: 'lessEqual',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x <= y)',
  wasm: 'less_equal',
  reference: (_, x, y) => Number(x <= y),
});

/** 1 where x > y, else 0. float32, broadcasts. */
export const greater: Binary = /* @__PURE__ */ binary({
  name: 'greater',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x > y)',
  wasm: 'greater',
  reference: (_, x, y) => Number(x > y),
});

/** 1 where x ≥ y, else 0. float32, broadcasts. */
export const greaterEqual: Binary = /* @__PURE__ */ binary({
  name: 'greaterEqual',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x >= y)',
  wasm: 'greater_equal',
  reference: (_, x, y) => Number(x >= y),
});

/** 1 where x and y are both not 0, else 0. float32, broadcasts. */
export const logicalAnd: Binary = /* @__PURE__ */ binary({
  name: 'logicalAnd',
  gradient: null,
  wgsl: 'select(1.0, 0.0, x == 0.0 || y == 0.0)',
  wasm: 'logical_and',
  reference: (_, x, y) => Number(x !== 0 && y !== 0),
});

/** 1 where x or y is not 0, else 0. float32, broadcasts. */
export const logicalOr: Binary = /* @__PURE__ */ binary({
  name: 'logicalOr',
  gradient: null,
  wgsl: 'select(1.0, 0.0, x == 0.0 && y == 0.0)',
  wasm: 'logical_or',
  reference: (_, x, y) => Number(x !== 0 || y !== 0),
});

/** 1 where x is 0, else 0. float32. */
export const logicalNot: Unary = /* @__PURE__ */ unary({
  name: 'logicalNot',
  gradient: null,
  wgsl: 'select(0.0, 1.0, x == 0.0)',
  wasm: 'logical_not',
  reference: (_, x) => Number(x === 0),
});
