/** The references themselves, against numbers from elsewhere: they are the oracle, so something must watch them. */
import { describe, expect, it } from 'vitest';
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
