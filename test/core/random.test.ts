/** The generator against the test vectors of Random123, and the streams derived from it. */
import { describe, expect, it } from 'vitest';
import { deriveKey, keyFromSeed, normal, permutation, threefry2x32, uniform } from '../../src/core/random.ts';

const hex = (words: readonly number[]): string => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

describe('threefry2x32', () => {
  it.each([
    [[0, 0], [0, 0], '6b200159 99ba4efe'],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '1cb996fc bb002be7'],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], 'c4923a9c 483df7a0'],
  ] as const)('key %j, counter %j', (key, counter, expected) => {
    expect(hex(threefry2x32(key, counter[0], counter[1]))).toBe(expected);
  });
});

describe('streams', () => {
  it('uniform: in [0, 1), the mean and variance of a uniform, a prefix is a prefix', () => {
    const values = uniform(keyFromSeed(7), 100_001);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(1);
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    expect([...uniform(keyFromSeed(7), 5)]).toEqual([...values.slice(0, 5)]);
  });

  it('normal: mean 0, variance 1, kurtosis 3, always finite', () => {
    const values = normal(keyFromSeed(1), 200_000);
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.012);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('permutation: every place once, another order for another key', () => {
    const order = permutation(keyFromSeed(3), 1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect([...permutation(keyFromSeed(4), 1000)]).not.toEqual([...order]);
    expect(permutation(keyFromSeed(4), 0)).toEqual(new Int32Array(0));
  });

  it('permutation: each order of three about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(deriveKey(keyFromSeed(0), seed), 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.values()].length).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150); // 5 standard deviations
  });

  it('seeds beyond 32 bits differ', () => {
    expect(keyFromSeed(2 ** 32)).not.toEqual(keyFromSeed(0));
    expect(keyFromSeed(-1)).not.toEqual(keyFromSeed(1));
  });
});
