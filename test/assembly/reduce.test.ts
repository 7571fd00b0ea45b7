/** Reductions and argmax against float64, for all combinations of lengths, and the error of long sums. */
import { describe, expect, it } from 'vitest';
import { argmaxKernel, reduceKernel, reduceMoreKernel } from '../../src/generated/wasm/kernels.ts';
import { lengths, loadBinaries, randoms } from './kernels.ts';

const kinds: readonly ((row: readonly number[]) => number)[] = [
  (row) => row.reduce((sum, x) => sum + x, 0),
  (row) => row.reduce((sum, x) => sum + x, 0) / row.length,
  (row) => Math.max(...row),
  (row) => Math.min(...row),
  (row) => row.reduce((sum, x) => sum + x * x, 0),
];

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('reduce, %s', (_name, kernels) => {
  it.each(kinds.map((_, kind) => kind))('kind %i', (kind) => {
    for (const outer of [0, 1, 3]) {
      for (const rows of lengths) {
        for (const inner of [0, 1, 2, 3, 4, 5, 16, 17, 37]) {
          kernels.reset();
          const x = randoms(outer * rows * inner, 3);
          const out = kernels.allocate(outer * inner * 4);
          const words = { x: kernels.floats(x), y: out, outer, reduce: rows, inner, kind };
          kernels.call(kind < 2 ? reduceKernel : reduceMoreKernel, words);
          const got = kernels.readFloats(out, outer * inner);
          for (let o = 0; o < outer; o++) {
            for (let j = 0; j < inner; j++) {
              const row = Array.from({ length: rows }, (_, r) => x[(o * rows + r) * inner + j]!);
              const exact = kinds[kind]!(row);
              const size = kind === 2 || kind === 3 ? 0 : kinds[kind]!(row.map(Math.abs));
              const value = got[o * inner + j]!;
              if (Number.isFinite(exact)) expect(Math.abs(value - exact)).toBeLessThanOrEqual(60 * 2 ** -24 * size);
              else expect(value).toBe(exact);
            }
          }
        }
      }
    }
  });

  it('adds a million numbers without drift, along a row and down a column', () => {
    for (const inner of [1, 3, 16]) {
      kernels.reset();
      const rows = 1 << 20;
      const x = new Float32Array(rows * inner).fill(0.1);
      const out = kernels.allocate(inner * 4);
      kernels.call(reduceKernel, { x: kernels.floats(x), y: out, outer: 1, reduce: rows, inner, kind: 0 });
      const exact = rows * Math.fround(0.1);
      for (const value of kernels.readFloats(out, inner)) expect(Math.abs(value - exact) / exact).toBeLessThan(2e-6);
    }
  });

  it('propagates NaN through max and min', () => {
    for (const inner of [1, 3, 5, 17]) {
      for (const kind of [2, 3]) {
        for (const at of [0, 7, 40]) {
          kernels.reset();
          const x = randoms(41 * inner, 1);
          x[at * inner] = NaN;
          const out = kernels.allocate(inner * 4);
          kernels.call(reduceMoreKernel, { x: kernels.floats(x), y: out, outer: 1, reduce: 41, inner, kind });
          const got = [...kernels.readFloats(out, inner)];
          expect(got.map(Number.isNaN)).toStrictEqual(got.map((_, j) => j === 0));
        }
      }
    }
  });

  it('argmax: first of equals, first NaN', () => {
    const rows = [
      [1, 3, 3, 2], [NaN, 5, 9, 1], [1, NaN, 9, NaN], [-Infinity, -Infinity, -Infinity, -Infinity], [0, -0, 0, -1],
      [-5, -4, Infinity, Infinity],
    ];
    const expected = [1, 0, 1, 0, 0, 2];
    kernels.reset();
    const out = kernels.allocate(24);
    kernels.call(argmaxKernel, { x: kernels.floats(rows.flat()), y: out, outer: 6, reduce: 4, inner: 1 });
    expect([...kernels.readInt32s(out, 6)]).toStrictEqual(expected);
    const columns = rows[0]!.flatMap((_, j) => rows.map((row) => row[j]!));
    kernels.call(argmaxKernel, { x: kernels.floats(columns), y: out, outer: 1, reduce: 4, inner: 6 });
    expect([...kernels.readInt32s(out, 6)]).toStrictEqual(expected);
    kernels.call(argmaxKernel, { x: kernels.floats([]), y: out, outer: 2, reduce: 0, inner: 3 });
    expect([...kernels.readInt32s(out, 6)]).toStrictEqual([0, 0, 0, 0, 0, 0]);
  });
});
