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
} from './compare.ts';
import { select } from './select.ts';
import { ceil, floor, round, sign, step } from './rounding.ts';
import { abs, add, div, maximum, minimum, mod, mul, neg, reciprocal, square, sub } from './arithmetic.ts';
import { cos, erf, exp, expm1, log, log1p, pow, rsqrt, sin, sqrt } from './math.ts';
import { cast, clip } from './clip.ts';
import { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from './activation.ts';
import { broadcastTo } from './broadcast.ts';
import { reshape } from './reshape.ts';
import { transpose } from './transpose.ts';
import { pad, slice } from './slice.ts';
import { concatenate } from './concatenate.ts';
import { max, mean, min, sum, sumOfSquares } from './reduce.ts';
import { argMax } from './arg-max.ts';
import { matmul } from './matmul.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { columnProducts, columnSums } from './column-sums.ts';
import { scaleShift } from './batch-norm.ts';
import { layerNorm, layerNormGradient, layerNormSums } from './layer-norm.ts';
import { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './cross-entropy.ts';
import { gather, scatterAdd } from './gather.ts';
import { reverse } from './reverse.ts';
import { partOp } from './part.ts';
import { recurrent, recurrentGradient } from './recurrent.ts';
import { gatherBatch, storeRows } from './batch.ts';
import { sumError } from './sum-error.ts';
import { dropoutMask, randomUniform } from './random.ts';
import { firstNonFinite } from './finite.ts';
import { increment } from './counter.ts';
import { stopGradient } from './stop-gradient.ts';
import { copy } from './copy.ts';
import { elementwiseOp } from './elementwise.ts';
import { constantOp, variableOp } from './op.ts';

export * from './compare.ts';
export * from './select.ts';
export * from './rounding.ts';
export * from './arithmetic.ts';
export * from './math.ts';
export * from './clip.ts';
export * from './activation.ts';
export * from './broadcast.ts';
export * from './reshape.ts';
export * from './transpose.ts';
export * from './slice.ts';
export * from './concatenate.ts';
export * from './reduce.ts';
export * from './arg-max.ts';
export * from './matmul.ts';
export * from './softmax.ts';
export * from './column-sums.ts';
export * from './batch-norm.ts';
export * from './layer-norm.ts';
export * from './cross-entropy.ts';
export * from './gather.ts';
export * from './reverse.ts';
export * from './recurrent.ts';
export * from './recurrence.ts';
export * from './batch.ts';
export * from './sum-error.ts';
export * from './random.ts';
export * from './finite.ts';
export * from './counter.ts';
export * from './stop-gradient.ts';
export * from './copy.ts';
export { elementwiseOp } from './elementwise.ts';
export * from './one-hot.ts';
export { constant, variable } from './op.ts';

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
