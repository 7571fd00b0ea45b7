/** Matrix products of every layout against float64, within the analytic error bound of a sum of k products. */
import { packedBytes } from '../../src/ops/product/matmul.ts';
import { describe, expect, it } from 'vitest';
import { matmulKernel } from '../../src/generated/wasm/kernels.ts';
import { loadBinaries, randoms, type Kernels } from './kernels.ts';

interface Product {
  m: number;
  n: number;
  k: number;
  transposeA?: boolean;
  transposeB?: boolean;
  bias?: boolean;
  /** An index in `activations`. */
  activation?: number;
  extra?: boolean;
  batch?: number;
  shareA?: boolean;
  shareB?: boolean;
}

/** The function of a sum and the element of `extra` (0 if absent). A name refers to a function of the table. */
const activations: readonly (readonly [activation: number | string, result: (sum: number, extra: number) => number])[] = [
  [0, (x, r) => x + r],
  [1, (x, r) => Math.max(x + r, 0)],
  [2, (x, y) => (y > 0 ? x : 0)],
  [3, (x, y) => x * y * (1 - y)],
  [4, (x, y) => x * (1 - y * y)],
  ['sigmoid', (x, r) => 1 / (1 + Math.exp(-x - r))],
  ['tanh', (x, r) => Math.tanh(x + r)],
];

function check(kernels: Kernels, product: Product): void {
  const { m, n, k, transposeA = false, transposeB = false, bias = false, activation = 0, batch = 1 } = product;
  const { shareA = false, shareB = false, extra = false } = product;
  const [number, result] = activations[activation]!;
  kernels.reset();
  const a = randoms(m * k * (shareA ? 1 : batch), 1);
  const b = randoms(n * k * (shareB ? 1 : batch), 2);
  const row = randoms(n, 3);
  const other = randoms(m * n * batch, 4);
  const [pa, pb, pbias, pextra] = [a, b, row, other].map((values) => kernels.floats(values)) as [
    number,
    number,
    number,
    number,
  ];
  const pc = kernels.allocate(m * n * batch * 4);
  const scratch = kernels.allocate(packedBytes({ m, n, k }));
  kernels.call(matmulKernel, {
    ...{ a: pa, b: pb, c: pc, bias: bias ? pbias : 0, m, n, k, transposeA, transposeB, batch },
    ...{ strideA: shareA ? 0 : m * k, strideB: shareB ? 0 : n * k, strideC: m * n },
    activation: typeof number === 'string' ? kernels.indexOf(number) : number,
    ...{ scratch, extra: extra ? pextra : 0 },
  });
  const c = kernels.readFloats(pc, m * n * batch);
  let worst = 0;
  for (let g = 0; g < batch; g++) {
    const [oa, ob] = [shareA ? 0 : g * m * k, shareB ? 0 : g * n * k];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = bias ? row[j]! : 0;
        let size = Math.abs(sum);
        for (let l = 0; l < k; l++) {
          const term = a[oa + (transposeA ? l * m + i : i * k + l)]! * b[ob + (transposeB ? j * k + l : l * n + j)]!;
          sum += term;
          size += Math.abs(term);
        }
        const at = (g * m + i) * n + j;
        const e = extra ? other[at]! : 0;
        const bound = 2 * (k + 4) * 2 ** -24 * (size + Math.abs(e)) + 1e-6 * Number(activation > 1) + 1e-30;
        const error = Math.abs(c[at]! - result(sum, e)) / bound;
        worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
      }
    }
  }
  expect(worst, JSON.stringify(product)).toBeLessThanOrEqual(1);
}

/** Tiles and their edges, blocks of k, one row and one column, dot products. */
const epilogueSizes = [
  [17, 19, 300],
  [15, 19, 30],
  [1, 41, 10],
  [1, 6, 300],
  [9, 1, 11],
  [1, 1, 5],
  [3, 6, 7],
  [64, 24, 5],
] as const;

const layouts = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('matmul, %s', (_name, kernels) => {
  it.each(layouts)('small shapes, %o', (layout) => {
    for (const m of [0, 1, 2, 3, 5, 6, 7, 17]) {
      for (const n of [0, 1, 3, 4, 8, 9, 17, 40]) {
        for (const k of [0, 1, 3, 4, 5, 8, 17]) check(kernels, { m, n, k, ...layout, bias: (m + n + k) % 2 === 0 });
      }
    }
  });

  it.each(layouts)('several blocks of each dimension, %o', (layout) => {
    check(kernels, { m: 101, n: 61, k: 31, ...layout, bias: true });
    check(kernels, { m: 13, n: 533, k: 67, ...layout });
    check(kernels, { m: 53, n: 29, k: 601, ...layout, bias: true });
    check(kernels, { m: 1, n: 1101, k: 301, ...layout, bias: true });
    check(kernels, { m: 1101, n: 1, k: 301, ...layout, bias: true });
    check(kernels, { m: 5, n: 61, k: 521, ...layout, bias: true });
  });

  it.each(activations.map(([name], activation) => [name, activation] as const))('activation %s', (_, activation) => {
    for (const layout of layouts) {
      for (const [m, n, k] of epilogueSizes) {
        const isDerivative = activation >= 2 && activation <= 4;
        const extras = isDerivative ? [true] : [false, true];
        for (const extra of extras) check(kernels, { m, n, k, activation, extra, bias: m !== 3, ...layout });
      }
      check(kernels, { m: 7, n: 9, k: 11, batch: 3, activation, extra: true, shareA: true, ...layout });
      check(kernels, { m: 4, n: 9, k: 11, batch: 3, activation, extra: true, shareB: true, bias: true, ...layout });
    }
  });

  it.each(layouts)('batches, %o', (layout) => {
    check(kernels, { m: 7, n: 9, k: 11, batch: 3, bias: true, ...layout });
    check(kernels, { m: 7, n: 9, k: 11, batch: 3, shareA: true, ...layout });
    check(kernels, { m: 7, n: 9, k: 11, batch: 12, shareB: true, bias: true, ...layout });
    check(kernels, { m: 4, n: 1, k: 11, batch: 3, shareB: true, bias: true, ...layout });
    check(kernels, { m: 4, n: 3, k: 5, batch: 0, ...layout });
  });

  it('gives the same bits again', () => {
    const run = (): Float32Array => {
      kernels.reset();
      const [a, b] = [kernels.floats(randoms(50 * 300, 1)), kernels.floats(randoms(300 * 70, 2))];
      const c = kernels.allocate(50 * 70 * 4);
      const scratch = kernels.allocate(packedBytes({ m: 50, n: 70, k: 300 }));
      kernels.call(matmulKernel, {
        ...{ a, b, c, bias: 0, m: 50, n: 70, k: 300, transposeA: false, transposeB: false },
        ...{ batch: 1, strideA: 0, strideB: 0, strideC: 0, activation: 0, scratch, extra: 0 },
      });
      return kernels.readFloats(c, 50 * 70);
    };
    expect(run()).toStrictEqual(run());
  });
});
