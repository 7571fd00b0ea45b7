/** Random shapes: broadcasting, slicing and reducing against loops over indices. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { sizeOf, stridesOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import * as ops from '../../src/ops/index.ts';
import { evaluate } from '../support/evaluate.ts';

const counting = (shape: Shape): Node =>
  ops.constant(
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => index + 1),
    shape,
  );
const valuesOf = (node: Node): number[] => Array.from(evaluate([node], new Map())[0]!);

/** Every index of `shape` in row-major order. */
function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (all, dimension) => all.flatMap((index) => Array.from({ length: dimension }, (_, place) => [...index, place])),
    [[]],
  );
}
/** The value of `counting` at an index; broadcast axes are read at 0. */
const valueAt = (shape: Shape, index: readonly number[]): number => {
  const strides = stridesOf(shape);
  const own = index.slice(index.length - shape.length);
  return 1 + own.reduce((sum, place, axis) => sum + (shape[axis] === 1 ? 0 : place) * strides[axis]!, 0);
};

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
/** A shape and one that broadcasts to it. */
const stretched = shapes.chain((shape) =>
  fc
    .tuple(fc.integer({ min: 0, max: shape.length }), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
    .map(([lead, ones]) => ({
      shape,
      small: shape.slice(lead).map((dimension, axis) => (ones[axis] ? 1 : dimension)),
    })),
);

describe('shapes', () => {
  it('broadcast as indices do', () => {
    fc.assert(
      fc.property(stretched, ({ shape, small }) => {
        const expected = indicesOf(shape).map((index) => valueAt(shape, index) - valueAt(small, index));
        expect(valuesOf(ops.sub(counting(shape), counting(small)))).toEqual(expected);
        expect(valuesOf(ops.broadcastTo(counting(small), shape))).toEqual(
          indicesOf(shape).map((index) => valueAt(small, index)),
        );
      }),
    );
  });

  it('give the gradient of a stretched operand as often as it was used', () => {
    fc.assert(
      fc.property(stretched, ({ shape, small }) => {
        const operand = ops.variable(small);
        const [slope] = gradients(ops.sum(ops.add(ops.broadcastTo(operand, shape), 0)), [operand]);
        expect(slope!.shape).toEqual(small);
        const [values] = evaluate([slope!], new Map([[operand, new Float64Array(sizeOf(small))]]));
        const uses = sizeOf(small) === 0 ? 0 : sizeOf(shape) / sizeOf(small);
        expect(values!.every((value) => value === uses)).toBe(true);
      }),
    );
  });

  it('are sliced as indices are', () => {
    const cut = shapes.chain((shape) =>
      fc.tuple(...shape.map((dimension) => fc.tuple(fc.nat(dimension), fc.nat(dimension)))).map((ends) => ({
        shape,
        begin: ends.map(([a, b]) => Math.min(a, b)),
        size: ends.map(([a, b]) => Math.abs(a - b)),
      })),
    );
    fc.assert(
      fc.property(cut, ({ shape, begin, size }) => {
        const expected = indicesOf(size).map((index) =>
          valueAt(
            shape,
            index.map((place, axis) => place + (shape[axis] === 1 ? 0 : begin[axis]!)),
          ),
        );
        const part = ops.slice(counting(shape), begin, size);
        expect(valuesOf(part)).toEqual(expected);
        // slice removes the padding that pad adds.
        const around = shape.map((dimension, axis) => [begin[axis]!, dimension - begin[axis]! - size[axis]!] as const);
        expect(valuesOf(ops.slice(ops.pad(part, around, 9), begin, size))).toEqual(expected);
      }),
    );
  });

  it('are transposed as indices are, and back', () => {
    const turned = shapes.chain((shape) =>
      fc
        .shuffledSubarray(
          shape.map((_, axis) => axis),
          { minLength: shape.length },
        )
        .map((permutation) => ({ shape, permutation })),
    );
    fc.assert(
      fc.property(turned, ({ shape, permutation }) => {
        const x = counting(shape);
        const y = ops.transpose(x, permutation);
        const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
        expect(valuesOf(y)).toEqual(
          indicesOf(y.shape).map((index) =>
            valueAt(
              shape,
              inverse.map((place) => index[place]!),
            ),
          ),
        );
        expect(valuesOf(ops.transpose(y, inverse))).toEqual(valuesOf(x));
      }),
    );
  });

  it('are reduced over any axes as indices are', () => {
    const reduced = shapes.chain((shape) => fc.subarray(shape.map((_, axis) => axis)).map((axes) => ({ shape, axes })));
    fc.assert(
      fc.property(reduced, fc.boolean(), ({ shape, axes }, keepDims) => {
        const kept = shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
        const sums = new Float64Array(sizeOf(kept));
        for (const index of indicesOf(shape)) sums[valueAt(kept, index) - 1]! += valueAt(shape, index);
        const y = ops.sum(counting(shape), axes, keepDims);
        expect(y.shape).toEqual(keepDims ? kept : shape.filter((_, axis) => !axes.includes(axis)));
        expect(valuesOf(y)).toEqual(Array.from(sums));
      }),
    );
  });

  it('are joined from what they were cut into', () => {
    fc.assert(
      fc.property(shapes, fc.nat(4), fc.nat(4), (shape, axisDraw, cutDraw) => {
        fc.pre(shape.length > 0);
        const axis = axisDraw % shape.length;
        const cut = cutDraw % (shape[axis]! + 1);
        const sized = (length: number): number[] => shape.map((dimension, at) => (at === axis ? length : dimension));
        const begin = shape.map((_, at) => (at === axis ? cut : 0));
        const x = counting(shape);
        const front = ops.slice(
          x,
          shape.map(() => 0),
          sized(cut),
        );
        const back = ops.slice(x, begin, sized(shape[axis]! - cut));
        expect(valuesOf(ops.concatenate([front, back], axis))).toEqual(valuesOf(x));
      }),
    );
  });
});
