/** Layer normalization and its gradients against float64, in both binaries, whole and in parts. */
import { describe, expect, it } from 'vitest';
import { layerNormGradientKernel, layerNormKernel, layerNormSumsKernel } from '../../src/generated/wasm/kernels.ts';
import type { KernelBinding } from '../../src/graph/kernel.ts';
import { lengths, loadBinaries, randoms } from './kernels.ts';
import type { Addressed, Kernels } from './kernels.ts';

const epsilon = Math.fround(1e-3);

interface Expected {
  readonly y: number[];
  readonly dx: number[];
  /** [parts][2][columns] */
  readonly sums: number[];
}

interface Operands {
  readonly x: ArrayLike<number>;
  readonly scale: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
  readonly g: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

const partRows = 8;

function exact({ x, scale, offset, g, rows, columns }: Operands): Expected {
  const [y, dx]: number[][] = [[], []];
  const sums = new Array<number>(Math.ceil(rows / partRows) * 2 * columns).fill(0);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / columns;
  for (let row = 0; row < rows; row++) {
    const own = (all: ArrayLike<number>): number[] => Array.from({ length: columns }, (_, j) => all[row * columns + j]!);
    const center = mean(own(x));
    const r = 1 / Math.sqrt(mean(own(x).map((value) => (value - center) ** 2)) + epsilon);
    const standard = own(x).map((value) => (value - center) * r);
    const slopes = own(g);
    const h = slopes.map((value, j) => value * scale[j]!);
    const [a, b] = [mean(h), mean(h.map((value, j) => value * standard[j]!))];
    standard.forEach((value, j) => {
      y!.push(value * scale[j]! + offset[j]!);
      dx!.push(r * (h[j]! - a - value * b));
      sums[2 * Math.floor(row / partRows) * columns + j]! += slopes[j]! * value;
      sums[(2 * Math.floor(row / partRows) + 1) * columns + j]! += slopes[j]!;
    });
  }
  return { y: y!, dx: dx!, sums };
}

/** The results of the three kernels. Each is also called in 7, 3 and 2 parts, which must produce the same bytes. */
function run(kernels: Kernels, { x, scale, offset, g, rows, columns }: Operands): Record<keyof Expected, Float32Array> {
  kernels.reset();
  const [xs, scales, offsets, gs] = [x, scale, offset, g].map((values) => kernels.floats(values)) as [
    number, number, number, number,
  ];
  const call = <W>(kernel: KernelBinding<W>, count: number, words: (output: number) => Addressed<W>): Float32Array => {
    const output = kernels.allocate(4 * count);
    kernels.call(kernel, words(output));
    const whole = kernels.readFloats(output, count);
    for (const parts of [7, 3, 2]) {
      const again = kernels.allocate(4 * count);
      for (let part = parts - 1; part >= 0; part--) {
        kernels.exports['share']!(part, parts);
        kernels.callOnce(kernel, words(again));
      }
      kernels.exports['share']!(0, 1);
      const bytes = Buffer.from(kernels.readFloats(again, count).buffer);
      expect(bytes.equals(Buffer.from(whole.buffer)), `${kernel.entry} in ${parts} parts`).toBe(true);
    }
    return whole;
  };
  const size = rows * columns;
  const ends = { rows, columns, epsilon };
  return {
    y: call(layerNormKernel, size, (y) => ({ x: xs, scale: scales, offset: offsets, y, ...ends })),
    dx: call(layerNormGradientKernel, size, (dx) => ({ x: xs, scale: scales, upstream: gs, dx, ...ends })),
    sums: call(layerNormSumsKernel, Math.ceil(rows / partRows) * 2 * columns, (sums) => ({
      x: xs, upstream: gs, sums, partRows, ...ends,
    })),
  };
}

function operands(rows: number, columns: number, x: ArrayLike<number> = randoms(rows * columns, 2)): Operands {
  return { x, scale: randoms(columns, 3), offset: randoms(columns, 4), g: randoms(rows * columns, 5), rows, columns };
}

function compare(kernels: Kernels, given: Operands, absolute: number): void {
  const expected = exact(given);
  for (const [name, got] of Object.entries(run(kernels, given))) {
    const values = expected[name as keyof Expected];
    const scale = Math.max(1, ...values.map(Math.abs));
    got.forEach((value, index) => {
      const wrong = `${name}[${index}] of [${given.rows}, ${given.columns}] is ${value}, not ${values[index]}`;
      if (!(Math.abs(value - values[index]!) <= absolute * scale)) expect.fail(wrong);
    });
  }
}

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('layer norm, %s', (_name, kernels) => {
  it.each(lengths.filter((length) => length > 0))('rows of %i', (columns) => {
    for (const rows of [0, 1, 2, 3, 4, 5, 17, 33]) compare(kernels, operands(rows, columns), 2e-6);
  });

  it('rows far from 0 keep their digits', () => {
    for (const columns of [5, 127, 1000, 3001]) {
      const x = randoms(6 * columns, 7).map((value) => 1e4 + value / 57);
      compare(kernels, operands(6, columns, x), 4e-6);
    }
  });

  it('rows whose first elements are not like the others are summed again', () => {
    for (const columns of [16, 300, 1031]) {
      const x = randoms(5 * columns, 8).map((value, index) => (index % columns < 4 ? 1e5 : value));
      compare(kernels, operands(5, columns, x), 4e-6);
    }
  });

  it('rows whose squares overflow, beside others', () => {
    for (const columns of [2, 5, 37, 300, 1031]) {
      const x = randoms(6 * columns, 10).map((value, index) => value * (Math.floor(index / columns) % 2 === 0 ? 1 : 1e30));
      compare(kernels, operands(6, columns, x), 4e-6);
    }
  });

  it('a row’s values do not depend on the rows beside it', () => {
    const columns = 37;
    const x = randoms(8 * columns, 9).map((value, index) => (index < columns && index % columns < 4 ? 1e5 : value));
    const all = run(kernels, operands(8, columns, x));
    const without = run(kernels, operands(7, columns, x.slice(columns)));
    expect(all.y.slice(columns)).toEqual(without.y);
  });

  it('a constant row gives the offset, NaN and infinity give NaN in their row only', () => {
    const given = operands(4, 5, [
      0.1, 0.1, 0.1, 0.1, 0.1, 1, 2, NaN, 3, 4, 1, 2, 3, 4, 6, 1, 2, 3, Infinity, 4,
    ]);
    const { y } = run(kernels, given);
    expect(y.slice(0, 5)).toEqual(Float32Array.from(given.offset));
    expect([...y].map(Number.isNaN)).toEqual([0, 1, 0, 1].flatMap((bad) => new Array<boolean>(5).fill(bad === 1)));
  });
});
