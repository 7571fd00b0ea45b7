/** The interpreter: kinds of inputs, dtypes, fused chains, outputs in place, tails. */
import { describe, expect, it } from 'vitest';
import { bits, lengths, loadBinaries, randoms } from './kernels.ts';
import { opcodes } from './opcodes.ts';

const op = opcodes as Record<string, number>;
const wholes = (count: number, seed: number, range: number): number[] => [...randoms(count, seed)].map((x) => Math.round(x * range));

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('elementwise, %s', (_name, kernels) => {
  it.each(lengths)('contiguous operands of each dtype, n = %i', (n) => {
    kernels.reset();
    const a = randoms(n, 1);
    const b = wholes(n, 2, 1e6);
    const c = wholes(n, 3, 100).map((x) => x + 100);
    const out = kernels.allocate(n * 4);
    const inputs = [kernels.floats(a), 0, 0, kernels.int32s(b), 0, 1, kernels.uint8s(c), 0, 2];
    kernels.call('elementwise', [n, 3, 1, 2, ...inputs, out, 4, 0, op['add']!, 3, 0, 1, 0, op['mul']!, 4, 3, 2, 0]);
    expect([...kernels.readFloats(out, n)]).toStrictEqual(
      [...a].map((x, i) => Math.fround(Math.fround(x + b[i]!) * c[i]!)),
    );
  });

  it.each(lengths)('a scalar, a row, a column and a constant, n = %i', (n) => {
    for (const [period, repeat] of [[1, 1], [2, 3], [5, 4], [8, 256], [255, 2], [256, 7], [257, 300], [600, 600]] as const) {
      kernels.reset();
      const row = randoms(Math.max(1, Math.min(period, n)), 1);
      const column = randoms(Math.ceil(n / repeat), 2);
      const int = wholes(Math.max(1, Math.min(period, n)), 3, 50);
      const byte = wholes(Math.ceil(n / repeat), 4, 100).map((x) => x + 100);
      const inputs = [
        ...[kernels.floats([3.5]), 1, 0],
        ...[kernels.floats(row), 2, 0, period],
        ...[kernels.floats(column), 3, 0, repeat],
        ...[kernels.int32s(int), 2, 1, period],
        ...[kernels.uint8s(byte), 3, 2, repeat],
      ];
      const out = kernels.allocate(n * 4);
      const code = [
        ...[op['constant']!, 5, 0, 0, bits(0.25)],
        ...[op['mul']!, 6, 1, 5, 0], // row / 4
        ...[op['add']!, 6, 6, 2, 0], // + column
        ...[op['add']!, 6, 6, 0, 0], // + 3.5
        ...[op['add']!, 6, 6, 3, 0], // + int row
        ...[op['add']!, 7, 6, 4, 0], // + byte column
      ];
      kernels.call('elementwise', [n, 5, 1, 6, ...inputs, out, 7, 0, ...code]);
      const expected = Array.from({ length: n }, (_, i) => {
        const j = Math.floor(i / repeat);
        let y = Math.fround(row[i % period]! * 0.25);
        y = Math.fround(y + column[j]!);
        y = Math.fround(y + 3.5);
        y = Math.fround(y + int[i % period]!);
        return Math.fround(y + byte[j]!);
      });
      expect([...kernels.readFloats(out, n)]).toStrictEqual(expected);
    }
  });

  it('strided operands', () => {
    for (const dims of [[7], [3, 5], [4, 1, 6], [2, 3, 4, 5], [2, 1, 2, 3, 1, 2, 2, 3], [5, 300], [600, 2]]) {
      for (const dtype of [0, 1, 2]) {
        kernels.reset();
        const n = dims.reduce((product, size) => product * size, 1);
        // transposed order, every second dimension broadcast
        const strides = dims.map(() => 0);
        let size = 1;
        dims.forEach((dim, i) => {
          if (i % 2 === 0 || dims.length < 3) {
            strides[i] = size;
            size *= dim;
          }
        });
        const x = wholes(size, 5, 100).map((v) => v + 100);
        const pointer = dtype === 0 ? kernels.floats(x) : dtype === 1 ? kernels.int32s(x) : kernels.uint8s(x);
        const out = kernels.allocate(n * 4);
        const words = [pointer, 4, dtype, dims.length, ...dims, ...strides];
        kernels.call('elementwise', [n, 1, 1, 1, ...words, out, 1, 0, op['neg']!, 1, 0, 0, 0]);
        const expected = Array.from({ length: n }, (_, i) => {
          let rest = i;
          let at = 0;
          for (let d = dims.length - 1; d >= 0; d--) {
            at += (rest % dims[d]!) * strides[d]!;
            rest = Math.floor(rest / dims[d]!);
          }
          return -x[at]!;
        });
        expect([...kernels.readFloats(out, n)], `${dims}`).toStrictEqual(expected);
      }
    }
  });

  it('negative and unit inner strides', () => {
    kernels.reset();
    const x = randoms(600, 1);
    const pointer = kernels.floats(x);
    const out = kernels.allocate(2400);
    kernels.call('elementwise', [600, 1, 1, 1, pointer + 2396, 4, 0, 1, 600, -1, out, 1, 0, op['copy']!, 1, 0, 0, 0]);
    expect(kernels.readFloats(out, 600)).toStrictEqual(x.slice().reverse());
    kernels.call('elementwise', [600, 1, 1, 1, pointer + 2240, 4, 0, 2, 15, 40, -40, 1, out, 1, 0, op['copy']!, 1, 0, 0, 0]);
    expect([...kernels.readFloats(out, 600)]).toStrictEqual(
      Array.from({ length: 15 }, (_, r) => [...x.slice((14 - r) * 40, (15 - r) * 40)]).flat(),
    );
  });

  it.each(lengths)('outputs in place of inputs that are still read, n = %i', (n) => {
    kernels.reset();
    const [a, b] = [randoms(n, 1), randoms(n, 2)];
    const [pa, pb] = [kernels.floats(a), kernels.floats(b)];
    const int = kernels.allocate(n * 4);
    // register 2 = a + b goes over a, which the next instruction still reads; register 4 goes over b, read no more
    const code = [
      ...[op['add']!, 2, 0, 1, 0],
      ...[op['mul']!, 3, 2, 0, 0],
      ...[op['sub']!, 4, 3, 1, 0],
      ...[op['leaky_relu']!, 4, 4, 0, bits(0.5)],
    ];
    kernels.call('elementwise', [n, 2, 4, 4, pa, 0, 0, pb, 0, 0, pa, 2, 0, pb, 4, 0, int, 3, 1, int, 3, 1, ...code]);
    const sums = a.map((x, i) => x + b[i]!);
    const products = sums.map((x, i) => x * a[i]!);
    const last = products.map((x, i) => x - b[i]!).map((x) => (x < 0 ? x * 0.5 : x));
    expect(kernels.readFloats(pa, n)).toStrictEqual(sums);
    expect(kernels.readFloats(pb, n)).toStrictEqual(last);
    expect([...kernels.readInt32s(int, n)]).toStrictEqual([...products].map((x) => Math.trunc(x) + 0));
  });

  it.each(lengths)('one register to two outputs, an input and a constant as outputs, n = %i', (n) => {
    kernels.reset();
    const a = randoms(n, 1);
    const pa = kernels.floats(a);
    const outs = [0, 1, 2, 3].map(() => kernels.allocate(n * 4));
    const code = [op['square']!, 1, 0, 0, 0, op['constant']!, 2, 0, 0, bits(7)];
    const outputs = [outs[0]!, 1, 0, outs[1]!, 1, 0, outs[2]!, 0, 0, outs[3]!, 2, 0];
    kernels.call('elementwise', [n, 1, 4, 2, pa, 0, 0, ...outputs, ...code]);
    expect(kernels.readFloats(outs[0]!, n)).toStrictEqual(a.map((x) => x * x));
    expect(kernels.readFloats(outs[1]!, n)).toStrictEqual(a.map((x) => x * x));
    expect(kernels.readFloats(outs[2]!, n)).toStrictEqual(a);
    expect(kernels.readFloats(outs[3]!, n)).toStrictEqual(a.map(() => 7));
  });

  it('select, clip and the integer output', () => {
    kernels.reset();
    const c = [0, -0, 1, NaN, -2, 0, 5];
    const [pc, pa, pb] = [kernels.floats(c), kernels.floats([1, 2, 3, 4, 5, 6, 7]), kernels.floats([-1, -2, -3, -4, -5, -6, -7])];
    const outs = [0, 1].map(() => kernels.allocate(28));
    const code = [op['select']!, 3, 0, 1, 2, op['clip']!, 4, 0, bits(-1.5), bits(2)];
    kernels.call('elementwise', [7, 3, 2, 2, pc, 0, 0, pa, 0, 0, pb, 0, 0, outs[0]!, 3, 0, outs[1]!, 4, 0, ...code]);
    expect([...kernels.readFloats(outs[0]!, 7)]).toStrictEqual([-1, -2, 3, 4, 5, -6, 7]);
    expect([...kernels.readFloats(outs[1]!, 7)]).toStrictEqual([0, -0, 1, NaN, -1.5, 0, 2]);
    const x = kernels.floats([1.9, -1.9, NaN, 1e20, -1e20]);
    kernels.call('elementwise', [5, 1, 1, 1, x, 0, 0, outs[0]!, 1, 1, op['copy']!, 1, 0, 0, 0]);
    expect([...kernels.readInt32s(outs[0]!, 5)]).toStrictEqual([1, -1, 0, 2147483647, -2147483648]);
  });
});
