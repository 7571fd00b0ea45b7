// The activations of recurrent cells, by the numbers that `cellActivations` in src/ops/recurrent-cell.ts gives them, and loads and
// stores of four lanes or fewer. Below recurrent.ts and recurrent-gradient.ts.
import { sigmoid, tanh } from './math-activation';
import {
  add, at_least, at_most, load_tail, mul, one, relu, splat, store_tail, sub,
} from './simd';

const RELU: u32 = 1;
const SIGMOID: u32 = 2;
const TANH: u32 = 3;
const HARD_SIGMOID: u32 = 4;

/** x / 6 + ½ within 0 … 1; NaN stays. */
@inline
function hard_sigmoid(x: v128): v128 {
  return at_least(at_most(add(mul(x, splat(<f32>(1.0 / 6))), splat(0.5)), one()), splat(0));
}

/** y = activation(y) over `count` floats, a multiple of 8. */
export function activate_run(y: usize, count: u32, activation: u32): void {
  const end = y + (<usize>count << 2);
  if (activation == TANH) {
    for (; y < end; y += 32) {
      v128.store(y, tanh(v128.load(y)));
      v128.store(y, tanh(v128.load(y, 16)), 16);
    }
  } else if (activation == SIGMOID) {
    for (; y < end; y += 32) {
      v128.store(y, sigmoid(v128.load(y)));
      v128.store(y, sigmoid(v128.load(y, 16)), 16);
    }
  } else if (activation == RELU) {
    for (; y < end; y += 16) v128.store(y, relu(v128.load(y)));
  } else if (activation == HARD_SIGMOID) {
    for (; y < end; y += 16) v128.store(y, hard_sigmoid(v128.load(y)));
  }
}

/** activation(x) of four lanes. */
export function activated(x: v128, activation: u32): v128 {
  if (activation == TANH) return tanh(x);
  if (activation == SIGMOID) return sigmoid(x);
  if (activation == RELU) return relu(x);
  return activation == HARD_SIGMOID ? hard_sigmoid(x) : x;
}

/** h times the activation's slope where its value is y. */
@inline
export function sloped(h: v128, y: v128, activation: u32): v128 {
  if (activation == SIGMOID) return mul(h, mul(y, sub(one(), y)));
  if (activation == TANH) return mul(h, sub(one(), mul(y, y)));
  if (activation == RELU) return mul(h, v128.and(f32x4.gt(y, splat(0)), one()));
  if (activation == HARD_SIGMOID) {
    const inside = v128.and(f32x4.gt(y, splat(0)), f32x4.lt(y, one()));
    return mul(h, v128.and(inside, splat(<f32>(1.0 / 6))));
  }
  return h;
}

/** `count` (1 to 4) floats; the other lanes are 0. */
@inline
export function get(p: usize, count: u32): v128 {
  return count == 4 ? v128.load(p) : load_tail(p, count, 0);
}

@inline
export function put(p: usize, value: v128, count: u32): void {
  if (count == 4) v128.store(p, value);
  else store_tail(p, value, count);
}

/** Whether a row's state changes at a step: `mask` is the place of its number, or 0 where all do. */
@inline
export function works(mask: usize): bool {
  return mask == 0 || load<f32>(mask) != 0;
}

/** d = a·b over `count` floats. */
export function multiply_run(d: usize, a: usize, b: usize, count: u32): void {
  for (; count >= 4; count -= 4, d += 16, a += 16, b += 16) v128.store(d, mul(v128.load(a), v128.load(b)));
  if (count > 0) store_tail(d, mul(load_tail(a, count, 0), load_tail(b, count, 0)), count);
}
