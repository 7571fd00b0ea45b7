/** Shapes and the errors about them. */
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
import { accessOf } from '../../src/graph/chain.ts';

/** A shape, and one that broadcasts to it. */
const pair = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()), { maxLength: 6 })
  .chain((axes) => fc.tuple(fc.constant(axes), fc.nat(axes.length)))
  .map(([axes, dropped]) => ({
    to: axes.map(([size]) => size),
    from: axes.map(([size, stretched]) => (stretched ? 1 : size)).slice(dropped),
  }));

/** The element of `from` under each element of `to`, by walking indices. */
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

  it('is read by the cheapest access, and every access reads the right element', () => {
    fc.assert(
      fc.property(pair, ({ from, to }) => {
        const access = accessOf(from, to);
        const read = elements(from, to).map((expected, element) => {
          switch (access.kind) {
            case 'contiguous':
              return [element, expected];
            case 'scalar':
              return [0, expected];
            case 'row':
              return [element % access.period, expected];
            case 'repeat':
              return [Math.floor(element / access.count), expected];
            case 'strided': {
              const counts = stridesOf(access.shape);
              const at = access.shape.reduce(
                (sum, size, axis) => sum + (Math.floor(element / counts[axis]!) % size) * access.strides[axis]!,
                0,
              );
              return [at, expected];
            }
          }
        });
        for (const [given, expected] of read) expect(given).toBe(expected);
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
      `[ShapeError: input: [2, 1.5] is no shape: every dimension must be an integer ≥ 0, not 1.5]`,
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
