/** Softmax and the losses against float64, for large logits and −∞. */
import { describe, expect, it } from 'vitest';
import { logSoftmaxKernel, softmaxCrossEntropyKernel, softmaxKernel, sparseSoftmaxCrossEntropyKernel } from '../../src/generated/wasm/kernels.ts';
import { lengths, loadBinaries, randoms } from './kernels.ts';

const twoByFive = { rows: 2, columns: 5 };

function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('softmax, %s', (_name, kernels) => {
  it.each(lengths)('rows of %i', (columns) => {
    for (const range of [1, 30, 1e4]) {
      kernels.reset();
      const rows = 3;
      const x = randoms(rows * columns, 2).map((v) => v * range);
      const labels = randoms(rows * columns, 4).map(Math.abs);
      const classes = [0, columns - 1, columns];
      const input = kernels.floats(x);
      const out = kernels.allocate(x.byteLength);
      const loss = kernels.allocate(rows * 4);
      const split = (all: ArrayLike<number>): number[][] =>
        Array.from({ length: rows }, (_, i) => Array.from(all).slice(i * columns, (i + 1) * columns));
      const close = (got: ArrayLike<number>, exact: readonly number[], tolerance: number): void => {
        exact.forEach((value, i) => {
          expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(value), 1e-30));
        });
      };

      const sums = split(x).map(logSumExp);
      const logs = Array.from(x, (v, i) => v - sums[Math.floor(i / columns)]!);
      kernels.call(softmaxKernel, { x: input, y: out, rows, columns });
      const probabilities = logs.map(Math.exp);
      kernels.readFloats(out, x.length).forEach((v, i) => {
        expect(Math.abs(v - probabilities[i]!)).toBeLessThanOrEqual(4e-6 * probabilities[i]! * Math.max(1, range / 1e3) + 2e-45);
      });
      kernels.call(logSoftmaxKernel, { x: input, y: out, rows, columns });
      kernels.readFloats(out, x.length).forEach((v, i) => {
        expect(Math.abs(v - logs[i]!)).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(logs[i]!)));
      });

      const sizes = { rows, columns };
      kernels.call(softmaxCrossEntropyKernel, { logits: input, labels: kernels.floats(labels), loss, ...sizes });
      const losses = split(x).map((row, i) =>
        row.reduce((sum, v, j) => sum + labels[i * columns + j]! * (sums[i]! - v), 0),
      );
      close(kernels.readFloats(loss, rows), losses, 4e-6);
      kernels.call(sparseSoftmaxCrossEntropyKernel, { logits: input, labels: kernels.int32s(classes), loss, ...sizes });
      const got = kernels.readFloats(loss, rows);
      expect(got[2]).toBeNaN();
      if (columns > 0) {
        [0, 1].forEach((i) => {
          const row = split(x)[i]!;
          const exact = sums[i]! - row[classes[i]!]!;
          expect(Math.abs(got[i]! - exact)).toBeLessThanOrEqual(2e-6 * (1 + exact));
        });
      }
    }
  });

  it('works in place', () => {
    kernels.reset();
    const x = kernels.floats([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const y = kernels.allocate(40);
    kernels.call(softmaxKernel, { x, y, ...twoByFive });
    kernels.call(softmaxKernel, { x, y: x, ...twoByFive });
    expect(kernels.readFloats(x, 10)).toStrictEqual(kernels.readFloats(y, 10));
  });

  it('−∞ is probability 0, and 0·∞ is no NaN', () => {
    kernels.reset();
    const logits = [-Infinity, 0, -Infinity, 0, -Infinity, 1e4, -1e4, 0, -Infinity, -1e4];
    const x = kernels.floats(logits);
    const out = kernels.allocate(40);
    const loss = kernels.allocate(8);
    kernels.call(softmaxKernel, { x, y: out, ...twoByFive });
    expect([...kernels.readFloats(out, 10)]).toStrictEqual([0, 0.5, 0, 0.5, 0, 1, 0, 0, 0, 0]);
    kernels.call(logSoftmaxKernel, { x, y: out, ...twoByFive });
    expect([...kernels.readFloats(out, 10)].map((v) => Math.round(v * 1e4) / 1e4)).toStrictEqual([
      -Infinity, -0.6931, -Infinity, -0.6931, -Infinity, 0, -20000, -10000, -Infinity, -20000,
    ]);
    const labels = kernels.floats([0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
    kernels.call(softmaxCrossEntropyKernel, { logits: x, labels, loss, ...twoByFive });
    expect(kernels.readFloats(loss, 2)[0]).toBeCloseTo(Math.LN2, 6);
    expect(kernels.readFloats(loss, 2)[1]).toBe(20000);
    const other = kernels.floats([1, 0, 0, 0, 0, NaN, 0, 0, 0, 0]);
    kernels.call(softmaxCrossEntropyKernel, { logits: x, labels: other, loss, ...twoByFive });
    expect([...kernels.readFloats(loss, 2)]).toStrictEqual([Infinity, NaN]);
    const wild = kernels.floats([NaN, 1, 2, 3, 4, Infinity, 0, 0, 0, 0]);
    kernels.call(softmaxKernel, { x: wild, y: out, ...twoByFive });
    expect([...kernels.readFloats(out, 10)].slice(0, 6).every(Number.isNaN)).toBe(true);
  });
});
