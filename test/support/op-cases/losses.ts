/** Cases of the cross-entropy losses. */
import * as ops from '../../../src/ops/index.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { between, floats, integers, ints, list, opCase, shapesOf } from './case.ts';
import type { OpCase } from './case.ts';

const rows: readonly Shape[] = [
  [1],
  [3],
  [10],
  [3, 4],
  [5, 5],
  [17, 3],
  [1, 101],
  [33, 65],
  [70, 130],
  [3, 1031],
  [2, 3, 17],
  [2, 3, 4, 5],
  [0, 4],
  [3, 1],
];
const logits = between(-5, 5);
const bounds = { tolerance: { ulps: 8, absolute: 1e-6 }, webgpuTolerance: { ulps: 16, absolute: 4e-6 } };

export const lossCases: readonly OpCase[] = [
  ...rows.flatMap((shape) => [
    // These labels do not sum to 1, so that the gradient is checked for arbitrary labels.
    opCase(ops.softmaxCrossEntropy, shapesOf(shape), {
      tolerance: { ulps: 16, absolute: 1e-6 },
      webgpuTolerance: { ulps: 32, absolute: 4e-6 },
      inputs: [floats(shape, between(0, 0.5)), floats(shape, logits)],
      node: (y, z) => ops.softmaxCrossEntropy(y!, z!),
      differentiable: [0, 1],
      smooth: true,
    }),
    opCase(ops.sparseSoftmaxCrossEntropy, shapesOf(shape), {
      ...bounds,
      inputs: [ints(shape.slice(0, -1), integers(0, shape.at(-1)! - 1)), floats(shape, logits)],
      node: (y, z) => ops.sparseSoftmaxCrossEntropy(y!, z!),
      differentiable: [1],
      smooth: true,
    }),
  ]),
  opCase(ops.softmaxCrossEntropy, 'of logits up to ±10000', {
    ...bounds,
    inputs: [floats([4, 3], list(1, 0, 0, 0, 1, 0)), floats([4, 3], list(1e4, -1e4, 0, 1, 2, 3, 100, 9999, 1e4))],
    node: (y, z) => ops.softmaxCrossEntropy(y!, z!),
  }),
  opCase(ops.softmaxCrossEntropy, 'of a class ruled out', {
    ...bounds,
    inputs: [floats([2, 3], list(1, 0, 0, 0, 0, 1)), floats([2, 3], list(1, -Infinity, 2, 3, -Infinity, 4))],
    node: (y, z) => ops.softmaxCrossEntropy(y!, z!),
    nonFinite: true,
  }),
  opCase(ops.sparseSoftmaxCrossEntropy, 'of logits up to ±10000', {
    ...bounds,
    inputs: [ints([4], list(0, 1, 2)), floats([4, 3], list(1e4, -1e4, 0, 1, 2, 3, 100, 9999, 1e4))],
    node: (y, z) => ops.sparseSoftmaxCrossEntropy(y!, z!),
  }),
  opCase(ops.sparseSoftmaxCrossEntropy, 'of labels that do not exist', {
    ...bounds,
    inputs: [ints([5], list(0, 3, -1, 2, 1000)), floats([5, 3])],
    node: (y, z) => ops.sparseSoftmaxCrossEntropy(y!, z!),
    nonFinite: true,
  }),
];
