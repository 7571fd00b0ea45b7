import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { keyFromSeed } from '../../src/core/random.ts';
import {
  constantInitializer,
  fansOf,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  initializerFrom,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  truncatedNormal,
  zeros,
} from '../../src/nn/initializers/initializers.ts';
import { orthogonalSteps } from '../../src/nn/initializers/orthogonal.ts';
import { tileMemory } from '../../src/nn/initializers/tile-product.ts';
import type { Initializer } from '../../src/nn/initializers/initializers.ts';
import { messageOf } from './support.ts';

const key = keyFromSeed(42);

function moments(values: Float32Array): { mean: number; deviation: number; least: number; greatest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance), least: Math.min(...values), greatest: Math.max(...values) };
}

describe('fans', () => {
  test.each([
    [[], 1, 1],
    [[7], 7, 7],
    [[784, 64], 784, 64],
    [[3, 3, 16, 32], 144, 288], // a window of 9 feeds from 16 and to 32 channels
    [[5, 8, 4], 40, 20],
  ])('%j has fan in %i and fan out %i, as in Keras', (shape, fanIn, fanOut) => {
    expect(fansOf(shape)).toEqual({ fanIn, fanOut });
  });
});

describe('plain values', () => {
  test('zeros, ones and a constant', () => {
    expect([...zeros().create([2, 2], key)]).toEqual([0, 0, 0, 0]);
    expect([...ones().create([3], key)]).toEqual([1, 1, 1]);
    expect([...constantInitializer({ value: 0.25 }).create([2], key)]).toEqual([0.25, 0.25]);
  });

  test('an empty shape of no elements gives no values, a scalar one', () => {
    expect(randomNormal().create([0, 4], key)).toHaveLength(0);
    expect(heNormal().create([], key)).toHaveLength(1);
  });
});

describe('statistics of 40,000 draws', () => {
  const shape = [100, 400];
  // A mean of n draws is off by deviation / √n: five of those make a false alarm once in a million.
  const check = (initializer: Initializer, deviation: number, mean = 0): Float32Array => {
    const values = initializer.create(shape, key);
    const found = moments(values);
    expect(Math.abs(found.mean - mean)).toBeLessThan((5 * deviation) / Math.sqrt(values.length));
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.02);
    return values;
  };
  const bounded = (values: Float32Array, bound: number): void => {
    const { least, greatest } = moments(values);
    expect(least).toBeGreaterThanOrEqual(Math.fround(-bound));
    expect(greatest).toBeLessThanOrEqual(Math.fround(bound));
    expect(greatest).toBeGreaterThan(0.99 * bound);
    expect(least).toBeLessThan(-0.99 * bound);
  };

  test('randomNormal', () => {
    check(randomNormal(), 0.05);
    check(randomNormal({ mean: 3, stddev: 0.5 }), 0.5, 3);
  });

  test('randomUniform', () => {
    bounded(check(randomUniform(), 0.05 / Math.sqrt(3)), 0.05);
    check(randomUniform({ min: 2, max: 4 }), 1 / Math.sqrt(3), 3);
  });

  test('truncatedNormal stays within two standard deviations and has their deviation', () => {
    // The deviation of a standard normal cut at ±2 is √(1 − 4 φ(2) / (2 Φ(2) − 1)) = 0.8796.
    const density = Math.exp(-2) / Math.sqrt(2 * Math.PI);
    const deviation = Math.sqrt(1 - (4 * density) / 0.9544997361036416);
    expect(deviation).toBeCloseTo(0.87962566103423978, 12);
    bounded(check(truncatedNormal({ stddev: 0.1 }), 0.1 * deviation), 0.2);
  });

  test('Glorot: variance 2 / (fanIn + fanOut)', () => {
    const deviation = Math.sqrt(2 / 500);
    bounded(check(glorotUniform(), deviation), Math.sqrt(6 / 500));
    check(glorotNormal(), deviation);
  });

  test('He: variance 2 / fanIn', () => {
    bounded(check(heUniform(), Math.sqrt(2 / 100)), Math.sqrt(6 / 100));
    check(heNormal(), Math.sqrt(2 / 100));
  });

  test('LeCun: variance 1 / fanIn', () => {
    bounded(check(lecunUniform(), 0.1), Math.sqrt(3 / 100));
    check(lecunNormal(), 0.1);
  });
});

describe('determinism', () => {
  const names = [
    'randomNormal',
    'randomUniform',
    'truncatedNormal',
    'glorotUniform',
    'heNormal',
    'orthogonal',
  ] as const;

  test.each(names)('%s: equal keys give equal bits, other keys others', (name) => {
    const initializer = initializerFrom(name);
    const [first, again] = [initializer.create([8, 6], key), initializer.create([8, 6], key)];
    expect(again).toEqual(first);
    expect(initializer.create([8, 6], keyFromSeed(43))).not.toEqual(first);
  });

  test('a seed of its own overrides the key', () => {
    const seeded = glorotUniform({ seed: 42 });
    expect(seeded.create([4, 4], [1, 2])).toEqual(glorotUniform().create([4, 4], key));
    expect(seeded.config).toEqual({ seed: 42 });
  });

  test('the values of seed 0 are pinned', () => {
    const values = (initializer: Initializer): number[] => [...initializer.create([2, 2], keyFromSeed(0))];
    expect(values(glorotUniform())).toMatchInlineSnapshot(`
      [
        -0.1997385174036026,
        0.24617135524749756,
        -0.45393526554107666,
        0.6206791400909424,
      ]
    `);
    expect(values(randomNormal({ stddev: 1 }))).toMatchInlineSnapshot(`
      [
        -1.0654524564743042,
        -0.779213011264801,
        0.03239910304546356,
        -1.5203083753585815,
      ]
    `);
    expect(values(heNormal())).toMatchInlineSnapshot(`
      [
        -1.2112566232681274,
        0.03683283179998398,
        1.54623544216156,
        0.9112853407859802,
      ]
    `);
    expect(values(orthogonal())).toMatchInlineSnapshot(`
      [
        0.458454430103302,
        0.8887178897857666,
        -0.8887178897857666,
        0.458454430103302,
      ]
    `);
  });
});

describe('orthogonal', () => {
  test.each([
    [[6, 6], 1],
    [[3, 8], 1],
    [[8, 3], 2.5],
    [[3, 3, 4, 5], 1],
  ])('%j times %d: the shorter side is orthonormal', (shape, gain) => {
    const columns = shape.at(-1)!;
    const values = orthogonal({ gain }).create(shape, key);
    const rows = values.length / columns;
    const short = Math.min(rows, columns);
    const at = (vector: number, place: number): number =>
      rows < columns ? values[vector * columns + place]! : values[place * columns + vector]!;
    for (let a = 0; a < short; a++) {
      for (let b = 0; b < short; b++) {
        let dot = 0;
        for (let place = 0; place < Math.max(rows, columns); place++) dot += at(a, place) * at(b, place);
        expect(dot).toBeCloseTo(a === b ? gain * gain : 0, 5);
      }
    }
  });

  test('larger than a block: sampled rows are orthonormal, by WebAssembly and by JavaScript, to the same bits', () => {
    for (const shape of [
      [131, 140],
      [140, 70],
    ] as const) {
      const finish = (useScript: boolean): Float32Array => {
        const steps = orthogonalSteps(shape, key, 1, (length) => tileMemory(length, useScript));
        let step = steps.next();
        while (!step.done) step = steps.next();
        return step.value;
      };
      const values = finish(false);
      expect(finish(true)).toEqual(values);
      expect(orthogonal().create(shape, key)).toEqual(values);
      const [rows, columns] = shape;
      const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
      const at = (vector: number, place: number): number =>
        rows < columns ? values[vector * columns + place]! : values[place * columns + vector]!;
      let worst = 0;
      for (let a = 0; a < short; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = a === b ? -1 : 0;
          for (let place = 0; place < long; place++) dot += at(a, place) * at(b, place);
          worst = Math.max(worst, Math.abs(dot));
        }
      }
      expect(worst).toBeLessThan(1e-6);
    }
  });

  test.each([
    [3, 3],
    [2, 4],
  ])('spreads evenly over all matrices [%d, %d]', (rows, columns) => {
    // For every element, the mean is 0, the mean square 1 / n and the mean fourth power 3 / (n (n + 2)); n is the longer side.
    const [draws, n] = [4000, Math.max(rows, columns)];
    const sums = Array.from({ length: rows * columns }, () => [0, 0, 0] as [number, number, number]);
    let determinants = 0;
    for (let seed = 0; seed < draws; seed++) {
      const values = orthogonal().create([rows, columns], [seed, 7]);
      values.forEach((value, index) => {
        sums[index]![0] += value / draws;
        sums[index]![1] += value ** 2 / draws;
        sums[index]![2] += value ** 4 / draws;
      });
      if (rows === 3) {
        const [a, b, c, d, e, f, g, h, i] = values as unknown as number[];
        determinants += a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) + c! * (d! * h! - e! * g!);
      }
    }
    for (const [mean, square, fourth] of sums) {
      expect(Math.abs(mean)).toBeLessThan(0.05);
      expect(Math.abs(square - 1 / n)).toBeLessThan(0.03);
      expect(Math.abs(fourth - 3 / (n * (n + 2)))).toBeLessThan(0.03);
    }
    expect(Math.abs(determinants / draws)).toBeLessThan(0.08);
  });

  test('takes shapes without elements, and vectors of length 1', () => {
    expect(orthogonal().create([0, 4], key)).toHaveLength(0);
    expect(orthogonal().create([4, 0], key)).toHaveLength(0);
    expect(Math.abs(orthogonal().create([1, 1], key)[0]!)).toBe(1);
  });

  test('refuses a vector', () => {
    expect(() => orthogonal().create([5], key)).toThrow(ShapeError);
    expect(messageOf(() => orthogonal().create([5], key))).toMatchInlineSnapshot(
      `"ShapeError: orthogonal: needs at least 2 axes, not [5]"`,
    );
  });
});

describe('names, saving and errors', () => {
  test('what was saved makes the same again', () => {
    const original = truncatedNormal({ mean: 1, stddev: 2, seed: 7 });
    const { name, config } = JSON.parse(JSON.stringify(original)) as Initializer;
    expect(initializerFrom({ name, config }).create([5], [0, 0])).toEqual(original.create([5], key));
  });

  test('errors', () => {
    expect(messageOf(() => initializerFrom('glorotUnifrm' as 'zeros'))).toMatchInlineSnapshot(
      `"ValueError: initializer: there is no 'glorotUnifrm'; did you mean 'glorotUniform'?"`,
    );
    expect(messageOf(() => initializerFrom('constructor' as 'zeros'))).toMatchInlineSnapshot(
      `"ValueError: initializer: there is no 'constructor'; did you mean 'constant'?"`,
    );
    expect(messageOf(() => initializerFrom({ name: 'toString' as 'zeros', config: {} }))).toMatchInlineSnapshot(
      `"ValueError: initializer: there is no 'toString': the names are zeros, ones, constant, randomNormal, randomUniform, truncatedNormal, glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, orthogonal"`,
    );
    expect(messageOf(() => randomNormal({ stddev: -1 }))).toMatchInlineSnapshot(
      `"ValueError: randomNormal: stddev must be a finite number ≥ 0, not -1"`,
    );
    expect(messageOf(() => randomUniform({ min: 1, max: 0 }))).toMatchInlineSnapshot(
      `"ValueError: randomUniform: min must be at most max 0, not 1"`,
    );
    expect(messageOf(() => constantInitializer({ value: NaN }))).toMatchInlineSnapshot(
      `"ValueError: constant: value must be a finite number, not NaN"`,
    );
  });
});
