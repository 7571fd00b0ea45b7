/** Gathering and scattering rows, reading batches with a cursor, and indices out of range. */
import { describe, expect, it } from 'vitest';
import { gatherBatchKernel, gatherKernel, incrementKernel, scatterAddKernel, storeRowsKernel } from '../../src/generated/wasm/kernels.ts';
import { lengths, loadBinaries, randoms } from './kernels.ts';

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('gather, %s', (_name, kernels) => {
  it.each(lengths)('gather and scatter_add, rows of %i', (length) => {
    const indices = [2, 0, -1, 2, 3, 1, 2147483647, 2];
    const rows = 3;
    const x = randoms(rows * length);
    kernels.reset();
    const table = kernels.floats(x);
    const list = kernels.int32s(indices);
    const out = kernels.allocate(indices.length * length * 4);
    const row = (i: number): number[] => (i >= 0 && i < rows ? [...x.slice(i * length, (i + 1) * length)] : zeros(length));
    const operands = { table, indices: list, out, count: indices.length, rowLength: length, tableRows: rows };
    kernels.call(gatherKernel, { ...operands, dtype: 0, scale: 1, offset: 0 });
    expect([...kernels.readFloats(out, indices.length * length)]).toStrictEqual(indices.flatMap(row));
    kernels.call(gatherKernel, { ...operands, dtype: 0, scale: 2, offset: 0.5 });
    expect(kernels.readFloats(out, indices.length * length)).toStrictEqual(
      Float32Array.from(indices.flatMap((i) => row(i).map((v) => (i >= 0 && i < rows ? v * 2 + 0.5 : 0)))),
    );

    const updates = randoms(indices.length * length, 2);
    const sums = kernels.allocate(rows * length * 4);
    const sizes = { count: indices.length, rowLength: length, tableRows: rows };
    kernels.call(scatterAddKernel, { updates: kernels.floats(updates), indices: list, out: sums, ...sizes });
    const expected = new Float32Array(rows * length);
    indices.forEach((index, i) => {
      if (index < 0 || index >= rows) return;
      for (let j = 0; j < length; j++) expected[index * length + j]! += updates[i * length + j]!;
    });
    expect(kernels.readFloats(sums, rows * length)).toStrictEqual(expected);
  });

  it.each(lengths)('int32 and uint8 tables, rows of %i', (length) => {
    kernels.reset();
    const values = Array.from({ length: 2 * length }, (_, i) => (i * 37) % 256);
    const list = kernels.int32s([1, 5, 0]);
    const out = kernels.allocate(3 * length * 4);
    const wide = values.map((v) => v * 16777259);
    const rest = { indices: list, out, count: 3, rowLength: length, tableRows: 2 };
    kernels.call(gatherKernel, { table: kernels.int32s(wide), ...rest, dtype: 1, scale: 9, offset: 9 });
    expect([...kernels.readInt32s(out, 3 * length)]).toStrictEqual(
      [...wide.slice(length), ...zeros(length), ...wide.slice(0, length)].map((v) => v | 0),
    );
    kernels.call(gatherKernel, { table: kernels.uint8s(values), ...rest, dtype: 2, scale: 1 / 255, offset: -0.5 });
    const scaled = values.map((v) => Math.fround(Math.fround(v * Math.fround(1 / 255)) - 0.5));
    expect([...kernels.readFloats(out, 3 * length)]).toStrictEqual([
      ...scaled.slice(length), ...zeros(length), ...scaled.slice(0, length),
    ]);
  });

  it.each([0, 4, 6, 8, 12])('batches, cursor at %i', (first) => {
    const [batch, length, samples] = [4, 5, 10];
    const order = [3, 9, 0, 1, 7, 2, 8, 4, 6, 5];
    kernels.reset();
    const x = randoms(samples * length);
    const table = kernels.floats(x);
    const cursor = kernels.int32s([first]);
    const out = kernels.allocate(batch * length * 4);
    for (const permutation of [order, undefined]) {
      const pointer = permutation === undefined ? 0 : kernels.int32s(permutation);
      const operands = { table, permutation: pointer, cursor, out };
      const sizes = { batch, rowLength: length, samples };
      kernels.call(gatherBatchKernel, { ...operands, ...sizes, dtype: 0, scale: 1, offset: 0 });
      const expected = [0, 1, 2, 3].flatMap((r) => {
        const position = first + r;
        const index = (permutation ?? order.map((_, i) => i))[position];
        return index === undefined ? zeros(length) : [...x.slice(index * length, (index + 1) * length)];
      });
      expect([...kernels.readFloats(out, batch * length)]).toStrictEqual(expected);
    }
    const rows = kernels.floats(zeros(samples * length));
    const source = randoms(batch * length, 5);
    const sizes = { batch, rowLength: length, rows: samples };
    kernels.call(storeRowsKernel, { source: kernels.floats(source), target: rows, cursor, ...sizes });
    const stored = new Float32Array(samples * length);
    source.forEach((v, i) => {
      if (first * length + i < stored.length) stored[first * length + i] = v;
    });
    expect(kernels.readFloats(rows, samples * length)).toStrictEqual(stored);
    kernels.call(incrementKernel, { source: cursor, target: cursor, by: 3 });
    expect(kernels.readInt32s(cursor, 1)[0]).toBe(first + 3);
  });
});
