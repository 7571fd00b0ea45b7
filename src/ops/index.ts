/**
 * Every op of the package, for tests, tools and the benchmark. Nothing in the package's main path imports this file:
 * a node holds its own record, so that a bundler keeps only what a program uses.
 */
import type { Op } from '../graph/op.ts';
import {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
} from './elementwise/compare.ts';
import { select } from './elementwise/select.ts';
import { ceil, floor, round, sign, step } from './elementwise/rounding.ts';
import { abs, add, div, maximum, minimum, mod, mul, neg, reciprocal, square, sub } from './elementwise/arithmetic.ts';
import { cos, erf, exp, expm1, log, log1p, pow, rsqrt, sin, sqrt } from './elementwise/math.ts';
import { cast, clip } from './elementwise/clip.ts';
import { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from './elementwise/activation.ts';
import { broadcastTo } from './shape/broadcast.ts';
import { reshape } from './shape/reshape.ts';
import { transpose } from './shape/transpose.ts';
import { pad, slice } from './shape/slice.ts';
import { concatenate } from './shape/concatenate.ts';
import { max, mean, min, sum, sumOfSquares } from './reduce/reduce.ts';
import { argMax } from './reduce/arg-max.ts';
import { matmul } from './product/matmul.ts';
import { logSoftmax, softmax } from './norm/softmax.ts';
import { columnProducts, columnSums } from './reduce/column-sums.ts';
import { scaleShift } from './norm/batch-norm.ts';
import { layerNorm, layerNormGradient, layerNormSums } from './norm/layer-norm.ts';
import { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './loss/cross-entropy.ts';
import { gather, scatterAdd } from './indexing/gather.ts';
import { reverse } from './shape/reverse.ts';
import { partOp } from './part.ts';
import { recurrent, recurrentGradient } from './recurrent/recurrent.ts';
import { gatherBatch, storeRows } from './indexing/batch.ts';
import { sumError } from './elementwise/sum-error.ts';
import { dropoutMask, randomUniform } from './state/random.ts';
import { firstNonFinite } from './reduce/finite.ts';
import { increment } from './state/counter.ts';
import { stopGradient } from './elementwise/stop-gradient.ts';
import { copy } from './shape/copy.ts';
import { elementwiseOp } from './elementwise/elementwise.ts';
import { constantOp, variableOp } from './define.ts';

export * from './elementwise/compare.ts';
export * from './elementwise/select.ts';
export * from './elementwise/rounding.ts';
export * from './elementwise/arithmetic.ts';
export * from './elementwise/math.ts';
export * from './elementwise/clip.ts';
export * from './elementwise/activation.ts';
export * from './shape/broadcast.ts';
export * from './shape/reshape.ts';
export * from './shape/transpose.ts';
export * from './shape/slice.ts';
export * from './shape/concatenate.ts';
export * from './reduce/reduce.ts';
export * from './reduce/arg-max.ts';
export * from './product/matmul.ts';
export * from './norm/softmax.ts';
export * from './reduce/column-sums.ts';
export * from './norm/batch-norm.ts';
export * from './norm/layer-norm.ts';
export * from './loss/cross-entropy.ts';
export * from './indexing/gather.ts';
export * from './shape/reverse.ts';
export * from './recurrent/recurrent.ts';
export * from './recurrent/recurrence.ts';
export * from './indexing/batch.ts';
export * from './elementwise/sum-error.ts';
export * from './state/random.ts';
export * from './reduce/finite.ts';
export * from './state/counter.ts';
export * from './elementwise/stop-gradient.ts';
export * from './shape/copy.ts';
export { elementwiseOp } from './elementwise/elementwise.ts';
export * from './indexing/one-hot.ts';
export { constant, variable } from './define.ts';

const functions: readonly { readonly op: unknown }[] = [
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  logicalAnd,
  logicalOr,
  logicalNot,
  select,
  floor,
  ceil,
  round,
  sign,
  step,
  add,
  sub,
  mul,
  div,
  neg,
  square,
  reciprocal,
  abs,
  maximum,
  minimum,
  mod,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  rsqrt,
  pow,
  sin,
  cos,
  erf,
  clip,
  cast,
  relu,
  relu6,
  leakyRelu,
  elu,
  sigmoid,
  tanh,
  softplus,
  gelu,
  silu,
  broadcastTo,
  reshape,
  transpose,
  slice,
  pad,
  concatenate,
  sum,
  mean,
  max,
  min,
  sumOfSquares,
  argMax,
  matmul,
  softmax,
  logSoftmax,
  columnSums,
  columnProducts,
  scaleShift,
  layerNorm,
  layerNormGradient,
  layerNormSums,
  softmaxCrossEntropy,
  sparseSoftmaxCrossEntropy,
  gather,
  scatterAdd,
  reverse,
  recurrent,
  recurrentGradient,
  gatherBatch,
  storeRows,
  sumError,
  randomUniform,
  dropoutMask,
  firstNonFinite,
  increment,
  stopGradient,
  copy,
  { op: elementwiseOp },
];

/** Every record, the leaves first. Attributes are of as many types as there are ops: the list knows them as plain data. */
export const allOps: readonly Op[] = [constantOp, variableOp, partOp as Op, ...functions.map(({ op }) => op as Op)];
