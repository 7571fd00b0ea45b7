/** Shapes and their errors. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggest } from '../../src/core/errors.ts';
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  normalizeAxes,
  sizeOf,
  stridesOf,
} from '../../src/core/shape.ts';
import { walkAxes } from '../../src/graph/chain.ts';

/** A shape, and a shape that broadcasts to it. */
const pair = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()), { maxLength: 6 })
  .chain((axes) => fc.tuple(fc.constant(axes), fc.nat(axes.length)))
  .map(([axes, dropped]) => ({
    to: axes.map(([size]) => size),
    from: axes.map(([size, stretched]) => (stretched ? 1 : size)).slice(dropped),
  }));

/** For each element of `to`, the broadcast element of `from`, computed with loops over indices. */
function elements(from: readonly number[], to: readonly number[]): number[] {
  const strides = broadcastStrides(from, to);
  const counts = stridesOf(to);
  return Array.from({ length: sizeOf(to) }, (_, element) =>
    to.reduce((sum, size, axis) => sum + (Math.floor(element / counts[axis]!) % size) * strides[axis]!, 0),
  );
}

describe('broadcasting', () => {
  it('gives the larger shape, whatever the order', () => {
    fc.assert(
      fc.property(pair, ({ from, to }) => {
        expect(broadcastShapes('add', from, to)).toEqual(to);
        expect(broadcastShapes('add', to, from)).toEqual(to);
      }),
    );
  });

  it('is walked along the fewest axes, and every input is found by its own', () => {
    fc.assert(
      fc.property(pair, fc.infiniteStream(fc.boolean()), ({ from, to }, more) => {
        const other = to.map((size) => (more.next().value ? 1 : size));
        const inputs = [from, other];
        const axes = walkAxes(to, inputs);
        expect(sizeOf(axes.map(({ size }) => size))).toBe(sizeOf(to));
        axes.slice(1).forEach(({ walks }, axis) => expect(walks).not.toEqual(axes[axis]!.walks));
        const counts = stridesOf(axes.map(({ size }) => size));
        inputs.forEach((shape, input) => {
          elements(shape, to).forEach((expected, element) => {
            const place = axes.reduce((sum, { size, walks }, axis) => {
              return walks[input] ? sum * size + (Math.floor(element / counts[axis]!) % size) : sum;
            }, 0);
            expect(place).toBe(expected);
          });
        });
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what does not fit, in words that help', () => {
    expect(() => broadcastShapes('add', [32, 10], [32])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: add: shapes [32, 10] and [32] do not broadcast (10 vs 32 at axis 1): make the dimensions equal, or one of them 1]`,
    );
    expect(() => normalizeAxes('sum', [0, -2], 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: axis 0 is given twice]`,
    );
    expect(() => normalizeAxes('sum', 2, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: axis 2 does not exist in a tensor of rank 2: use -2 … 1]`,
    );
    expect(() => checkShape('input', [2, 1.5])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: input: [2, 1.5] is not a valid shape: every dimension must be an integer ≥ 0, not 1.5]`,
    );
    expect(() => checkShape('input', new Array<number>(9).fill(1))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: input: [1, 1, 1, 1, 1, 1, 1, 1, 1] has rank 9: at most 8 axes are supported]`,
    );
    expect(() => checkShape('input', [65536, 65536])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: input: [65536, 65536] has 4294967296 elements: at most 2^31 − 1 are addressable]`,
    );
  });
});

describe('suggestions', () => {
  it('name the nearest, and nothing when nothing is near', () => {
    expect(suggest('adma', ['sgd', 'adam', 'adamw'])).toBe("; did you mean 'adam'?");
    expect(suggest('meansquarederror', ['meanSquaredError', 'hinge'])).toBe("; did you mean 'meanSquaredError'?");
    expect(suggest('xyz', ['categoricalCrossentropy'])).toBe('');
  });
});
