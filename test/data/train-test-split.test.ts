/** Splits of several arrays: every sample once, arrays stay aligned, deterministic by seed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyFromSeed, permutation } from '../../src/core/random.ts';
import { trainTestSplit } from '../../src/data/train-test-split.ts';
import { tensor } from '../../src/data/tensor.ts';
import { thrown } from '../support/models.ts';

const count = 10;
const labels = Array.from({ length: count }, (_, sample) => sample);
const texts = labels.map((label) => `text ${label}`);
const images = tensor(
  Uint8Array.from({ length: 2 * count }, (_, place) => place),
  [count, 2],
  { scale: 1 / 255 },
);

describe('trainTestSplit', () => {
  it('keeps lists of anything as lists, and what has a shape as tensors with their dtype and scale', () => {
    const { train, validation, test } = trainTestSplit([texts, images, Int32Array.from(labels)], {
      testSize: 0.2,
      validationSize: 3,
      seed: 1,
    });
    const parts = [train, validation, test];
    expect(parts.map(([some]) => some.length)).toEqual([5, 3, 2]);
    for (const [someTexts, someImages, someLabels] of parts) {
      const own = [...someLabels.data];
      expect(someTexts).toEqual(own.map((label) => `text ${label}`));
      expect([...someImages.data]).toEqual(own.flatMap((label) => [2 * label, 2 * label + 1]));
      expect([someImages.shape, someImages.dtype, someImages.scale]).toEqual([[own.length, 2], 'uint8', 1 / 255]);
      expect(someLabels.dtype).toBe('int32');
    }
    expect(parts.flatMap(([some]) => some).sort()).toEqual(texts);
  });

  it('is the same for the same seed, and another for another', () => {
    const run = (seed?: number): number[] => trainTestSplit([labels], seed === undefined ? {} : { seed }).train[0];
    expect(run(7)).toEqual(run(7));
    expect(run(8)).not.toEqual(run(7));
    expect(run()).toEqual(run(0));
    // The library's shuffle is the same on every machine.
    expect(run(0)).toEqual([...permutation(keyFromSeed(0), count).subarray(0, 7)]);
  });

  it('leaves the order alone without shuffling, the last samples for testing', () => {
    const { train, validation, test } = trainTestSplit([labels], { shuffle: false, testSize: 2, validationSize: 0.3 });
    expect([train[0], validation[0], test[0]]).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7],
      [8, 9],
    ]);
  });

  it('rounds a fraction up, but not what is whole but for rounding', () => {
    const sizeOf = (samples: number, testSize: number): number =>
      trainTestSplit([new Array<number>(samples).fill(0)], { testSize }).test[0].length;
    expect([sizeOf(10, 0.25), sizeOf(70, 0.1), sizeOf(10, 0), sizeOf(3, 0.01)]).toEqual([3, 7, 0, 1]);
  });

  it('gives every sample to one part, for any sizes', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(30), fc.nat(30), fc.integer());
    fc.assert(
      fc.property(sizes, ([rest, validationSize, testSize, seed]) => {
        const all = Array.from({ length: rest + validationSize + testSize }, (_, index) => index);
        const { train, validation, test } = trainTestSplit([all], { validationSize, testSize, seed });
        expect([train[0].length, validation[0].length, test[0].length]).toEqual([rest, validationSize, testSize]);
        expect([...train[0], ...validation[0], ...test[0]].sort((a, b) => a - b)).toEqual(all);
      }),
    );
  });

  it.each([
    [
      () => trainTestSplit([]),
      'ValueError: trainTestSplit: takes a list of arrays with as many samples each: give one',
    ],
    [() => trainTestSplit(images as unknown as number[][]), 'trainTestSplit: takes a list of arrays'],
    [
      () => trainTestSplit([texts, [1, 2]]),
      'ShapeError: trainTestSplit: data[0] has 10 samples and data[1] has 2: they must be equal',
    ],
    [() => trainTestSplit([[]]), 'ValueError: trainTestSplit: the arrays have no samples: give at least one'],
    [() => trainTestSplit([tensor(1)]), 'ShapeError: trainTestSplit: data[0] is a scalar'],
    [() => trainTestSplit(['abc' as unknown as string[]]), 'DTypeError: data: takes tensors, typed arrays or arrays'],
    [
      () => trainTestSplit([labels], { testSize: 5, validationSize: 5 }),
      'ValueError: trainTestSplit: 5 samples to validate with and 5 to test with leave none of 10 to train on',
    ],
    [() => trainTestSplit([labels], { testSize: 1.5 }), 'testSize must be a fraction from 0 to below 1, or a number'],
    [() => trainTestSplit([labels], { validationSize: -1 }), 'validationSize must be a fraction'],
    [() => trainTestSplit([labels], { testSize: NaN }), 'testSize must be a fraction'],
    [() => trainTestSplit([labels], { seed: 0.5 }), 'seed must be an integer, not 0.5'],
  ])('%s', (action, message) => {
    expect(thrown(action)).toContain(message);
  });
});
