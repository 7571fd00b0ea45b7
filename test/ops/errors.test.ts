/** The wording of errors: what was given, what was expected, how to fix it. */
import { expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { DType } from '../../src/core/dtype.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import * as ops from '../../src/ops/index.ts';

const tensor = (shape: Shape, dtype: DType = 'float32'): Node => ops.variable(shape, { name: 'x', dtype });
const x = tensor([2, 3]);
const index = tensor([], 'int32');

/** The class and message of the error of each call, one per line. */
function wordings(...calls: readonly (() => unknown)[]): string {
  return calls
    .map((call) => {
      try {
        call();
      } catch (error) {
        return String(error);
      }
      return `no error: ${call.toString()}`;
    })
    .join('\n');
}

it('elementwise ops', () => {
  expect(
    wordings(
      () => ops.add(x, tensor([4])),
      () => ops.add(x, index),
      () => ops.constant(new Float32Array(3), [2]),
      () => ops.constant(0, [2, -1]),
      () => ops.clip(x, { min: 1, max: 0 }),
      () => ops.cast(x, 'uint8' as never),
      () => ops.broadcastTo(x, [3]),
      () => ops.broadcastTo(x, [4, 2]),
    ),
  ).toMatchInlineSnapshot(`
    "ShapeError: add: shapes [2, 3] and [4] do not broadcast (3 vs 4 at axis 1): make the dimensions equal, or one of them 1
    DTypeError: add: takes float32, not int32: convert it with cast()
    ShapeError: constant: 3 values do not fill shape [2] of 2 elements
    ShapeError: constant: [2, -1] is not a valid shape: every dimension must be an integer ≥ 0, not -1
    ValueError: clip: min must be ≤ max, not min 1 with max 0
    ValueError: cast: dtype must be 'float32' or 'int32', not 'uint8'
    ShapeError: broadcastTo: [2, 3] does not stretch to [3]
    ShapeError: broadcastTo: shapes [2, 3] and [4, 2] do not broadcast (2 vs 4 at axis 0): make the dimensions equal, or one of them 1"
  `);
});

it('products', () => {
  expect(
    wordings(
      () => ops.matmul(tensor([32, 784]), tensor([768, 64])),
      () => ops.matmul(tensor([32, 784]), tensor([768, 64]), { transposeB: true }),
      () => ops.matmul(tensor([3]), x),
      () => ops.matmul(tensor([3, 2], 'int32'), x),
      () => ops.matmul(tensor([2, 4, 3]), tensor([3, 3, 4])),
    ),
  ).toMatchInlineSnapshot(`
    "ShapeError: matmul: inner dimensions differ, [32, 784] @ [768, 64] (784 vs 768): is the input flattened to 768?
    ShapeError: matmul: inner dimensions differ, [32, 784] @ [768, 64]ᵀ (784 vs 64): is the input flattened to 64?
    ShapeError: matmul: operands need at least 2 axes, not [3]: reshape it to a matrix
    DTypeError: matmul: takes float32, not int32: convert it with cast()
    ShapeError: matmul, leading axes: shapes [2] and [3] do not broadcast (2 vs 3 at axis 0): make the dimensions equal, or one of them 1"
  `);
});

it('reductions', () => {
  expect(
    wordings(
      () => ops.sum(x, 2),
      () => ops.sum(x, [0, -2]),
      () => ops.sum(index),
      () => ops.max(tensor([0, 3]), 0),
      () => ops.argMax(tensor([3, 0])),
    ),
  ).toMatchInlineSnapshot(`
    "ShapeError: sum: axis 2 does not exist in a tensor of rank 2: use -2 … 1
    ShapeError: sum: axis 0 is given twice
    DTypeError: sum: takes float32, not int32: convert it with cast()
    ShapeError: max: [0, 3] has no elements along the reduced axes: there is no max
    ShapeError: argMax: axis 1 of [3, 0] has no elements"
  `);
});

it('softmax and losses', () => {
  expect(
    wordings(
      () => ops.softmax(tensor([])),
      () => ops.softmaxCrossEntropy(tensor([2]), x),
      () => ops.sparseSoftmaxCrossEntropy(tensor([3], 'int32'), x),
      () => ops.sparseSoftmaxCrossEntropy(tensor([2]), x),
    ),
  ).toMatchInlineSnapshot(`
    "ShapeError: softmax: takes [..., classes], not a scalar
    ShapeError: softmaxCrossEntropy: labels [2] and logits [2, 3] must both be [..., classes]: for class numbers use sparseSoftmaxCrossEntropy()
    ShapeError: sparseSoftmaxCrossEntropy: labels [3] do not fit logits [2, 3]: give one class number for each row of logits [..., classes]
    DTypeError: sparseSoftmaxCrossEntropy, labels: takes int32, not float32: convert it with cast()"
  `);
});

it('layer normalization', () => {
  expect(
    wordings(
      () => ops.layerNorm(tensor([])),
      () => ops.layerNorm(tensor([2, 3], 'int32')),
      () => ops.layerNorm(x, { axis: [0, -2] }),
      () => ops.layerNorm(tensor([3, 0])),
      () => ops.layerNorm(x, { scale: tensor([2]) }),
      () => ops.layerNorm(tensor([2, 3, 4]), { axis: [1, 2], offset: tensor([12]) }),
      () => ops.layerNorm(x, { epsilon: -1 }),
      () => ops.layerNorm(x, { epsilon: NaN }),
    ),
  ).toMatchInlineSnapshot(`
    "ShapeError: layerNorm: takes [..., features], not a scalar
    DTypeError: layerNorm: takes float32, not int32: convert it with cast()
    ShapeError: layerNorm: axis 0 is given twice
    ShapeError: layerNorm: [3, 0] has no elements along the normalized axes: there is no mean
    ShapeError: layerNorm: scale must be [3], the sizes of the normalized axes, not [2]
    ShapeError: layerNorm: offset must be [3, 4], the sizes of the normalized axes, not [12]
    ValueError: layerNorm: epsilon must be a finite number ≥ 0, not -1
    ValueError: layerNorm: epsilon must be a finite number ≥ 0, not NaN"
  `);
});

it('shapes', () => {
  expect(
    wordings(
      () => ops.reshape(x, [4]),
      () => ops.reshape(x, [4, -1]),
      () => ops.reshape(x, [-1, -1]),
      () => ops.flatten(x, 3),
      () => ops.expandDims(x, 4),
      () => ops.squeeze(x, 1),
      () => ops.transpose(x, [0]),
      () => ops.transpose(x, [0, 0]),
      () => ops.slice(x, [0, 2], [2, 2]),
      () => ops.slice(x, [0], [2]),
      () =>
        ops.pad(x, [
          [0, -1],
          [0, 0],
        ]),
      () => ops.pad(x, [[1, 1]]),
      () => ops.concatenate([x, tensor([3, 3])], 1),
      () => ops.concatenate([], 0),
    ),
  ).toMatchInlineSnapshot(`
    "ShapeError: reshape: [2, 3] has 6 elements, [4] has 4: use -1 for the dimension to work out
    ShapeError: reshape: [2, 3] of 6 elements does not divide into [4, -1]
    ShapeError: reshape: [-1, -1] has more than one -1: only one dimension can be worked out
    ShapeError: flatten: cannot start at axis 3 of [2, 3]: use 0 … 2
    ShapeError: expandDims: axis 4 does not exist in a tensor of rank 3: use -3 … 2
    ShapeError: squeeze: axis 1 of [2, 3] is 3: only axes of 1 can go
    ShapeError: transpose: [0] is no order of the axes of [2, 3]: name every axis once
    ShapeError: transpose: axis 0 is given twice
    ShapeError: slice: axis 1 of [2, 3] holds no 2 elements from 2: begin + size must be at most 3
    ShapeError: slice: [2, 3] needs 2 begins and sizes, not 1 and 1
    ShapeError: pad: counts must be integers ≥ 0, not -1: use slice() to cut
    ShapeError: pad: [2, 3] needs 2 pairs [before, after], not 1
    ShapeError: concatenate: [2, 3] and [3, 3] differ beside axis 1: all other dimensions must be equal
    ShapeError: concatenate: there is nothing to join: give at least one tensor"
  `);
});

it('rows, batches and state', () => {
  expect(
    wordings(
      () => ops.gather(x, x),
      () => ops.gather(tensor([]), index),
      () => ops.scatterAdd(x, tensor([3], 'int32'), 4),
      () => ops.oneHot(tensor([3], 'int32'), 2.5),
      () => ops.gatherBatch(x, tensor([3], 'int32'), index, { batch: 2 }),
      () => ops.gatherBatch(x, null, tensor([1], 'int32'), { batch: 2 }),
      () => ops.gatherBatch(x, null, index, { batch: 0 }),
      () => ops.storeRows(x, index, tensor([2, 4])),
      () => ops.dropoutMask([3], { rate: 1, key0: 0, key1: 0 }, index),
      () => ops.randomUniform([3], { key0: 0, key1: 0 }, x),
      () => ops.firstNonFinite(tensor([2], 'int32'), index, x),
      () => ops.increment(tensor([2], 'int32')),
    ),
  ).toMatchInlineSnapshot(`
    "DTypeError: gather, indices: takes int32, not float32: convert it with cast()
    ShapeError: gather: the table must be [rows, ...row], not a scalar
    ShapeError: scatterAdd: updates must be [...indices, ...row], not [2, 3] for indices [3]
    ValueError: oneHot: classes must be an integer ≥ 0 and ≤ 16777216, not 2.5
    ShapeError: gatherBatch: the permutation must have one index for each sample, [2], not [3]
    ShapeError: gatherBatch: cursor must have rank 0, not shape [1]
    ValueError: gatherBatch: batch must be an integer ≥ 1, not 0
    ShapeError: storeRows: rows of [2, 4] do not fit into [2, 3]: all dimensions but the first must be equal
    ValueError: dropoutMask: rate must be at least 0 and below 1, not 1
    DTypeError: randomUniform, step: takes int32, not float32: convert it with cast()
    ShapeError: firstNonFinite: flags must be [1], one for each value, not [2]
    ShapeError: increment: takes one element, not [2]"
  `);
});

it('gradients', () => {
  expect(wordings(() => gradients(x, [x]))).toMatchInlineSnapshot(
    `"ShapeError: gradients: the loss must be a scalar, not [2, 3]: reduce it with mean() or sum()"`,
  );
});
