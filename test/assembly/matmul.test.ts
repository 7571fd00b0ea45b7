/** Matrix products of every layout against float64, within the analytic bound of a sum of k products. */
import { packedBytes } from '../../src/ops/matmul.ts';
import { describe, expect, it } from 'vitest';
import { loadBinaries, randoms, type Kernels } from './kernels.ts';

interface Product {
  m: number;
  n: number;
  k: number;
  transposeA?: boolean;
  transposeB?: boolean;
  bias?: boolean;
  activation?: number;
  batch?: number;
  shareA?: boolean;
  shareB?: boolean;
}

const activations = [
  (x: number) => x,
  (x: number) => Math.max(x, 0),
  (x: number) => 1 / (1 + Math.exp(-x)),
  Math.tanh,
];

function check(kernels: Kernels, product: Product): void {
  const { m, n, k, transposeA = false, transposeB = false, bias = false, activation = 0, batch = 1 } = product;
  const { shareA = false, shareB = false } = product;
  kernels.reset();
  const a = randoms(m * k * (shareA ? 1 : batch), 1);
  const b = randoms(n * k * (shareB ? 1 : batch), 2);
  const row = randoms(n, 3);
  const [pa, pb, pbias] = [kernels.floats(a), kernels.floats(b), kernels.floats(row)];
  const pc = kernels.allocate(m * n * batch * 4);
  const scratch = kernels.allocate(packedBytes({ m, n, k }));
  kernels.call('matmul', [
    ...[pa, pb, pc, bias ? pbias : 0, m, n, k, Number(transposeA), Number(transposeB), batch],
    ...[shareA ? 0 : m * k, shareB ? 0 : n * k, m * n, activation, scratch],
  ]);
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
        const bound = 2 * (k + 2) * 2 ** -24 * size + 1e-6 * Number(activation > 1) + 1e-30;
        const error = Math.abs(c[(g * m + i) * n + j]! - activations[activation]!(sum)) / bound;
        worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
      }
    }
  }
  expect(worst, JSON.stringify(product)).toBeLessThanOrEqual(1);
}

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

  it.each([1, 2, 3])('activation %i', (activation) => {
    for (const layout of layouts) {
      for (const [m, n, k] of [[17, 19, 300], [15, 19, 30], [1, 41, 10], [9, 1, 11], [3, 6, 7], [64, 24, 5]] as const) {
        check(kernels, { m, n, k, activation, bias: m !== 3, ...layout });
      }
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
      kernels.call('matmul', [a, b, c, 0, 50, 70, 300, 0, 0, 1, 0, 0, 0, 0, scratch]);
      return kernels.readFloats(c, 50 * 70);
    };
    expect(run()).toStrictEqual(run());
  });
});
