// The activations of recurrent cells, and loads and stores of at most four lanes, for recurrent.ts and recurrent-gradient.ts.
//
// An LSTM of 128 units evaluates five activations per 1024 multiply-adds, so they are shorter than those of math-activation.ts: a
// gate does not need a subnormal tail. They are still within 4 ULP for tanh, and for sigmoid where it is above 10⁻³⁷.
import { CellActivation } from '../constants';
import { add, at_least, at_most, constant, div, fma, load_tail, mul, one, relu, splat, store_tail, sub } from '../simd';

const EXP: usize = memory.data<f32>([
  1.4426950408889634, // 0: 1 / ln 2
  12583039, // 1: 1.5·2²³ + 127; added to it, an integer appears in the low bits as a biased exponent
  -0.693359375, // 2: −ln 2, the first 9 bits
  2.1219444005469058e-4, // 3: −ln 2, the remaining bits
  // 4–8: (e^r − 1 − r)/r² for |r| ≤ 0.35, highest power first; 2^−26 of e^r − 1, fitted like those in math.ts
  1.3870175462216139e-3, 8.366446942090988e-3, 0.04166744276881218, 0.1666654497385025, 0.4999999701976776,
  86, // 9: beyond it sigmoid is 0 or 1 to within 10⁻³⁷
  -86, // 10
  9.1, // 11: beyond it tanh is ±1
  -9.1, // 12
  2, // 13
]);

/** x / ln 2 rounded to an integer, plus entry 1 of EXP. |x| ≤ 87. */
@inline
function exponent(x: v128): v128 {
  return fma(x, constant(EXP, 0), constant(EXP, 1));
}

/** e^r − 1, where r is x without its power of two. */
@inline
function exp_rest(x: v128, rounded: v128): v128 {
  const n = sub(rounded, constant(EXP, 1));
  const r = fma(n, constant(EXP, 3), fma(n, constant(EXP, 2), x));
  let q = constant(EXP, 4);
  q = fma(q, r, constant(EXP, 5));
  q = fma(q, r, constant(EXP, 6));
  q = fma(q, r, constant(EXP, 7));
  q = fma(q, r, constant(EXP, 8));
  return fma(mul(r, r), q, r);
}

/** 1 / (1 + e^−x) */
@inline
function sigmoid(x: v128): v128 {
  const y = f32x4.neg(at_least(at_most(x, constant(EXP, 9)), constant(EXP, 10)));
  const rounded = exponent(y);
  const power = i32x4.shl(rounded, 23);
  return div(one(), add(one(), fma(power, exp_rest(y, rounded), power)));
}

/** E / (E + 2) with E = e^2x − 1, which is accurate for small x. */
@inline
function tanh(x: v128): v128 {
  const y = at_least(at_most(x, constant(EXP, 11)), constant(EXP, 12)), twice = add(y, y);
  const rounded = exponent(twice);
  const power = i32x4.shl(rounded, 23);
  const e = fma(power, exp_rest(twice, rounded), sub(power, one()));
  return div(e, add(e, constant(EXP, 13)));
}


/** x / 6 + ½ clamped to [0, 1]; NaN stays NaN. */
@inline
function hard_sigmoid(x: v128): v128 {
  return at_least(at_most(add(mul(x, splat(<f32>(1.0 / 6))), splat(0.5)), one()), splat(0));
}

/** y = activation(y) for `count` floats, a multiple of 8. */
export function activate_run(y: usize, count: u32, activation: u32): void {
  const end = y + (<usize>count << 2);
  if (activation == CellActivation.tanh) {
    for (; y < end; y += 32) {
      v128.store(y, tanh(v128.load(y)));
      v128.store(y, tanh(v128.load(y, 16)), 16);
    }
  } else if (activation == CellActivation.sigmoid) {
    for (; y < end; y += 32) {
      v128.store(y, sigmoid(v128.load(y)));
      v128.store(y, sigmoid(v128.load(y, 16)), 16);
    }
  } else if (activation == CellActivation.relu) {
    for (; y < end; y += 16) v128.store(y, relu(v128.load(y)));
  } else if (activation == CellActivation.hardSigmoid) {
    for (; y < end; y += 16) v128.store(y, hard_sigmoid(v128.load(y)));
  }
}

/** activation(x) of four lanes. */
export function activated(x: v128, activation: u32): v128 {
  if (activation == CellActivation.tanh) return tanh(x);
  if (activation == CellActivation.sigmoid) return sigmoid(x);
  if (activation == CellActivation.relu) return relu(x);
  return activation == CellActivation.hardSigmoid ? hard_sigmoid(x) : x;
}

/** h times the derivative of the activation, computed from the output y of the activation. */
@inline
export function sloped(h: v128, y: v128, activation: u32): v128 {
  if (activation == CellActivation.sigmoid) return mul(h, mul(y, sub(one(), y)));
  if (activation == CellActivation.tanh) return mul(h, sub(one(), mul(y, y)));
  if (activation == CellActivation.relu) return mul(h, v128.and(f32x4.gt(y, splat(0)), one()));
  if (activation == CellActivation.hardSigmoid) {
    const inside = v128.and(f32x4.gt(y, splat(0)), f32x4.lt(y, one()));
    return mul(h, v128.and(inside, splat(<f32>(1.0 / 6))));
  }
  return h;
}

/** Loads `count` (1 to 4) floats; the other lanes are 0. */
@inline
export function get(p: usize, count: u32): v128 {
  return count == 4 ? v128.load(p) : load_tail(p, count, 0);
}

@inline
export function put(p: usize, value: v128, count: u32): void {
  if (count == 4) v128.store(p, value);
  else store_tail(p, value, count);
}

/** Whether the state of a row changes at a step. `mask` is the address of its mask value, or 0 if there is no mask. */
@inline
export function works(mask: usize): bool {
  return mask == 0 || load<f32>(mask) != 0;
}

/** d = a·b for `count` floats. */
export function multiply_run(d: usize, a: usize, b: usize, count: u32): void {
  for (; count >= 4; count -= 4, d += 16, a += 16, b += 16) v128.store(d, mul(v128.load(a), v128.load(b)));
  if (count > 0) store_tail(d, mul(load_tail(a, count, 0), load_tail(b, count, 0)), count);
}
