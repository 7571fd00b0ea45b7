/**
 * Re-exports every function in the files of this folder, for `index.ts`. A new file of ops adds one line here. The
 * package's main path does not import this file.
 */
export { constant, variable } from './define.ts';
export * from './elementwise/activation.ts';
export * from './elementwise/arithmetic.ts';
export * from './elementwise/clip.ts';
export * from './elementwise/compare.ts';
export * from './elementwise/math.ts';
export * from './elementwise/rounding.ts';
export * from './elementwise/select.ts';
export * from './elementwise/stop-gradient.ts';
export * from './elementwise/sum-error.ts';
export * from './indexing/batch.ts';
export * from './indexing/gather.ts';
export * from './indexing/one-hot.ts';
export * from './loss/cross-entropy.ts';
export * from './norm/batch-norm.ts';
export * from './norm/layer-norm.ts';
export * from './norm/softmax.ts';
export * from './product/matmul.ts';
export * from './recurrent/recurrence.ts';
export * from './recurrent/recurrent.ts';
export * from './reduce/arg-max.ts';
export * from './reduce/column-sums.ts';
export * from './reduce/finite.ts';
export * from './reduce/reduce.ts';
export * from './shape/broadcast.ts';
export * from './shape/concatenate.ts';
export * from './shape/copy.ts';
export * from './shape/reshape.ts';
export * from './shape/reverse.ts';
export * from './shape/slice.ts';
export * from './shape/transpose.ts';
export * from './state/counter.ts';
export * from './state/random.ts';
