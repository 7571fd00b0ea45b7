/** The references against published numbers: they are the oracle of the other tests, so they need tests of their own. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Node } from '../../src/graph/node.ts';
import * as ops from '../../src/ops/index.ts';
import { evaluate } from '../support/evaluate.ts';

const floats = (values: readonly number[], shape = [values.length]): Node =>
  ops.constant(Float32Array.from(values), shape);
const ints = (values: readonly number[], shape = [values.length]): Node => ops.constant(Int32Array.from(values), shape);
const valuesOf = (node: Node): number[] => Array.from(evaluate([node], new Map())[0]!);

describe('references', () => {
  // Abramowitz and Stegun, table 7.1, and erfc from its 7.1.14 in high precision
  it('erf is that of the tables', () => {
    const expected = [
      0, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999779095030014, -0.8427007929497149,
    ];
    valuesOf(ops.erf(floats([0, 0.5, 1, 2, 3, -1]))).forEach((value, index) =>
      expect(value).toBeCloseTo(expected[index]!, 14),
    );
  });

  it('round sends halves to the even neighbour', () => {
    expect(valuesOf(ops.round(floats([0.5, 1.5, 2.5, -0.5, -1.5, 0.49, 2.51, 1e9])))).toEqual([
      0, 2, 2, -0, -2, 0, 3, 1e9,
    ]);
  });

  it('mod has the sign of the divisor', () => {
    expect(valuesOf(ops.mod(floats([5, -5, 5, -5]), floats([3, 3, -3, -3])))).toEqual([2, 1, -1, -2]);
  });

  it('clip without a bound keeps values on that side', () => {
    const x = floats([-5, 0, 5]);
    expect(valuesOf(ops.clip(x, { min: 0 }))).toEqual([0, 0, 5]);
    expect(valuesOf(ops.clip(x, { max: 0 }))).toEqual([-5, 0, 0]);
    expect(valuesOf(ops.clip(x, {}))).toEqual([-5, 0, 5]);
  });

  it('NaN passes relu, maximum and clip, and no comparison but notEqual', () => {
    const nan = floats([NaN]);
    for (const node of [ops.relu(nan), ops.maximum(nan, 0), ops.minimum(0, nan), ops.clip(nan, { min: 0, max: 1 })]) {
      expect(valuesOf(node)).toEqual([NaN]);
    }
    for (const compare of [ops.equal, ops.less, ops.lessEqual, ops.greater, ops.greaterEqual]) {
      expect(valuesOf(compare(nan, nan))).toEqual([0]);
    }
    expect(valuesOf(ops.notEqual(nan, nan))).toEqual([1]);
  });

  it('activations stay finite and exact far out', () => {
    const x = floats([-1e4, 1e4]);
    expect(valuesOf(ops.sigmoid(x))).toEqual([0, 1]);
    expect(valuesOf(ops.softplus(x))).toEqual([0, 1e4]);
    expect(valuesOf(ops.gelu(x)).map((value) => value + 0)).toEqual([0, 1e4]);
    expect(valuesOf(ops.silu(x)).map((value) => value + 0)).toEqual([0, 1e4]);
  });

  it('cast truncates and saturates', () => {
    expect(valuesOf(ops.cast(floats([1.9, -1.9, 1e10, -1e10, NaN]), 'int32')).map((value) => value + 0)).toEqual([
      1,
      -1,
      2 ** 31 - 1,
      -(2 ** 31),
      0,
    ]);
  });

  // What NumPy, and where it has no such function PyTorch, gives. Object.is tells the two zeros apart.
  it.each([
    ['mod', ops.mod(floats([4, -4, 4, -4, 0, -0]), floats([2, 2, -2, -2, 3, -3])), [0, 0, -0, -0, 0, -0]],
    [
      'mod by infinity',
      ops.mod(floats([5, -5, 5, -5]), floats([Infinity, Infinity, -Infinity, -Infinity])),
      [5, Infinity, -Infinity, -5],
    ],
    ['mod by 0 and of infinity', ops.mod(floats([5, 0, Infinity, NaN]), floats([0, 0, 2, 2])), [NaN, NaN, NaN, NaN]],
    ['step', ops.step(floats([-1, -0, 0, 1e-30, Infinity, NaN])), [0, 0, 0, 1, 1, NaN]],
    ['sign', ops.sign(floats([-2, 0, Infinity, NaN])), [-1, 0, 1, NaN]],
    ['round', ops.round(floats([0.5, 1.5, -0.5, -2.5, NaN, Infinity])), [0, 2, -0, -2, NaN, Infinity]],
    ['relu', ops.relu(floats([-1, -Infinity, Infinity, NaN])), [0, 0, Infinity, NaN]],
    ['relu6', ops.relu6(floats([-1, 0, 3, 6, 7, Infinity, NaN])), [0, 0, 3, 6, 6, 6, NaN]],
    ['elu with an infinite alpha', ops.elu(floats([-1, 0, 2]), { alpha: 1e39 }), [-Infinity, 0, 2]],
    ['leakyRelu with an infinite alpha', ops.leakyRelu(floats([-1, 0, 2]), { alpha: 1e39 }), [-Infinity, 0, 2]],
    [
      'pow',
      ops.pow(
        floats([0, NaN, 1, 1, -1, -1, -8, -8, -2, 0, 0]),
        floats([0, 0, NaN, Infinity, Infinity, -Infinity, 1 / 3, 3, -2, -1, 0.5]),
      ),
      [1, 1, 1, 1, 1, 1, NaN, -512, 0.25, Infinity, 0],
    ],
    ['log', ops.log(floats([0, -1, Infinity])), [-Infinity, NaN, Infinity]],
    ['div', ops.div(floats([1, -1, 0]), floats([0, 0, 0])), [Infinity, -Infinity, NaN]],
    ['maximum', ops.maximum(floats([NaN, 1, -Infinity]), floats([1, NaN, 2])), [NaN, NaN, 2]],
    [
      'select',
      ops.select(floats([1, 0, NaN, -0]), floats([1, NaN, 3, Infinity]), floats([NaN, 2, NaN, 4])),
      [1, 2, 3, 4],
    ],
    [
      'cast',
      ops.cast(floats([2.9, -2.9, 3e9, -3e9, Infinity, NaN]), 'int32'),
      [2, -2, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, 0],
    ],
    ['argMax', ops.argMax(floats([1, NaN, 3, NaN, Infinity])), [1]],
    ['a constant beyond float32', ops.mul(floats([1e-30, 0]), 1e39), [Infinity, NaN]],
    ['a constant below float32', ops.mul(floats([1e30, -1]), 1e-46), [0, -0]],
  ])('edge values of %s', (_, node, expected) => {
    expect(valuesOf(node)).toEqual(expected);
  });

  it.each([
    ['relu6', [-1, 0, 3, 6, 7], (x: Node) => ops.relu6(x), [0, 0, 1, 0, 0]],
    ['clip', [-1, 0, 3, 6, 7], (x: Node) => ops.clip(x, { min: 0, max: 6 }), [0, 1, 1, 1, 0]],
    ['relu', [-1, 0, 1, NaN], (x: Node) => ops.relu(x), [0, 0, 1, 0]],
    ['abs', [-2, 0, 2], (x: Node) => ops.abs(x), [-1, 0, 1]],
    ['leakyRelu', [-2, 0, 2], (x: Node) => ops.leakyRelu(x, { alpha: 0.25 }), [0.25, 0.25, 1]],
    ['elu', [0, 2], (x: Node) => ops.elu(x, { alpha: 0.25 }), [0.25, 1]],
    ['maximum', [1, 2, 3], (x: Node) => ops.maximum(x, 2), [0, 1, 1]],
    ['maximum, second', [1, 2, 3], (x: Node) => ops.maximum(2, x), [0, 0, 1]],
    ['sqrt', [0, 4], (x: Node) => ops.sqrt(x), [Infinity, 0.25]],
    ['select', [0, 4], (x: Node) => ops.select(x, ops.div(1, ops.select(x, x, 1)), 0), [0, -1 / 16]],
    ['select beside NaN', [0, 4], (x: Node) => ops.select(floats([1, 0]), x, floats([NaN, NaN])), [1, 0]],
  ] as const)('edge values of the gradient of %s', (_, at, fn, expected) => {
    const x = ops.variable([at.length]);
    const [slope] = gradients(ops.sum(fn(x)), [x]);
    expect([...evaluate([slope!], new Map([[x, at]]))[0]!].map((value) => value + 0)).toEqual(expected);
  });

  it('softmax and the losses keep log Σ beside logits of any size', () => {
    for (const size of [1e15, 1e16, 1e30, 3e38, -3e38]) {
      const logits = floats([size, size, size], [1, 3]);
      expect(valuesOf(ops.softmax(logits))).toEqual([1, 1, 1].map((one) => expect.closeTo(one / 3, 15)));
      expect(valuesOf(ops.logSoftmax(logits))).toEqual([1, 1, 1].map((one) => expect.closeTo(-Math.log(3 * one), 15)));
      expect(valuesOf(ops.sparseSoftmaxCrossEntropy(ints([1]), logits))).toEqual([expect.closeTo(Math.log(3), 15)]);
      const labels = floats([0, 1, 0], [1, 3]);
      expect(valuesOf(ops.softmaxCrossEntropy(labels, logits))).toEqual([expect.closeTo(Math.log(3), 15)]);
    }
  });

  it('a product is rows by columns, whichever way it is stored', () => {
    const [a, b] = [floats([1, 2, 3, 4, 5, 6], [2, 3]), floats([7, 8, 9, 10, 11, 12], [3, 2])];
    const expected = [58, 64, 139, 154];
    expect(valuesOf(ops.matmul(a, b))).toEqual(expected);
    expect(valuesOf(ops.matmul(ops.transpose(a), b, { transposeA: true }))).toEqual(expected);
    expect(valuesOf(ops.matmul(a, ops.transpose(b), { transposeB: true }))).toEqual(expected);
    expect(valuesOf(ops.matmul(ops.transpose(a), ops.transpose(b), { transposeA: true, transposeB: true }))).toEqual(
      expected,
    );
  });

  it('gather gives zeros outside the table, scatterAdd drops what is outside', () => {
    const table = floats([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(valuesOf(ops.gather(table, ints([2, -1, 0, 3])))).toEqual([5, 6, 0, 0, 1, 2, 0, 0]);
    expect(valuesOf(ops.scatterAdd(table, ints([1, 5, 1]), 2))).toEqual([0, 0, 6, 8]);
  });

  it('gatherBatch follows the permutation, scales, and ends with zeros', () => {
    const data = ops.constant(Uint8Array.of(0, 51, 102, 255), [4, 1]);
    const order = ints([3, 2, 1, 0]);
    const batch = ops.gatherBatch(data, order, ints([2], []), { batch: 3, scale: 1 / 255, offset: 1 });
    expect(batch.dtype).toBe('float32');
    expect(valuesOf(batch)).toEqual([1.2, 1, 0]);
  });

  it('oneHot leaves the row of a label outside empty', () => {
    expect(valuesOf(ops.oneHot(ints([1, -1, 3]), 3))).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('the two losses agree, and a label outside is NaN', () => {
    const logits = floats([1, 2, 3, 4, 6, 8], [2, 3]);
    const sparse = valuesOf(ops.sparseSoftmaxCrossEntropy(ints([2, 0]), logits));
    const dense = valuesOf(ops.softmaxCrossEntropy(ops.oneHot(ints([2, 0]), 3), logits));
    expect(sparse).toEqual(dense);
    expect(sparse[0]).toBeCloseTo(Math.log(Math.exp(-2) + Math.exp(-1) + 1), 12);
    expect(valuesOf(ops.sparseSoftmaxCrossEntropy(ints([3, 0]), logits))[0]).toBeNaN();
  });

  it('a dropout mask keeps about 1 − rate, and the same elements for the same step', () => {
    const mask = (step: number): number[] =>
      valuesOf(ops.dropoutMask([1000], { rate: 0.25, key0: 1, key1: 2 }, ints([step], [])));
    expect(mask(3)).toEqual(mask(3));
    expect(mask(3)).not.toEqual(mask(4));
    expect(mask(3).reduce((sum, value) => sum + value, 0) / 1000).toBeCloseTo(1, 1);
  });

  it('the watch keeps the first step only', () => {
    const [flags, step] = [ints([-1, -1, 2]), ints([5], [])];
    const watched = [floats([1, NaN]), floats([1, 2]), floats([Infinity])];
    expect(valuesOf(ops.firstNonFinite(flags, step, ...watched))).toEqual([5, -1, 2]);
  });
});
