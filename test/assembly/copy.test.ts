/** fill, copy and the strided copy: every permutation of small shapes, slices, broadcasts, reversed axes. */
import { describe, expect, it } from 'vitest';
import { copyKernel, fillKernel, stridedCopyKernel } from '../../src/generated/wasm/kernels.ts';
import { bits, lengths, loadBinaries, randoms, type Kernels } from './kernels.ts';

function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, i) => dims.slice(i + 1).reduce((product, size) => product * size, 1));
}

function permutations(list: readonly number[]): number[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((x, i) => permutations(list.filter((_, j) => j !== i)).map((rest) => [x, ...rest]));
}

/** Runs the kernel, and a simple loop over the same indices. */
function check(
  kernels: Kernels, x: Float32Array, outCount: number, dims: number[], s: number[], d: number[], sAt = 0, dAt = 0,
): void {
  kernels.reset();
  const source = kernels.floats(x);
  const out = kernels.floats(new Float32Array(outCount).fill(-9));
  const axes = dims.map((size, i) => ({ size, sourceStride: s[i]!, targetStride: d[i]! }));
  kernels.call(stridedCopyKernel, { source: source + sAt * 4, target: out + dAt * 4, axes });
  const expected = new Float32Array(outCount).fill(-9);
  const total = dims.reduce((product, size) => product * size, 1);
  for (let i = 0; i < total; i++) {
    let [rest, from, to] = [i, sAt, dAt];
    for (let k = dims.length - 1; k >= 0; k--) {
      const index = rest % dims[k]!;
      rest = Math.floor(rest / dims[k]!);
      from += index * s[k]!;
      to += index * d[k]!;
    }
    expected[to] = x[from]!;
  }
  expect(kernels.readFloats(out, outCount), `${dims} / ${s} / ${d}`).toStrictEqual(expected);
}

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('copy, %s', (_name, kernels) => {
  it.each(lengths)('fill and copy, n = %i', (n) => {
    kernels.reset();
    const x = randoms(n);
    const [a, b] = [kernels.floats(x), kernels.allocate(n * 4)];
    kernels.call(copyKernel, { source: a, target: b, bytes: n * 4 });
    expect(kernels.readFloats(b, n)).toStrictEqual(x);
    kernels.call(fillKernel, { out: b, count: n, value: bits(2.5) });
    expect(kernels.readFloats(b, n)).toStrictEqual(x.map(() => 2.5));
  });

  it('permutations of axes, both ways', () => {
    for (const dims of [[], [1], [7], [3, 5], [4, 8], [17, 9], [61, 300], [2, 3, 5], [4, 1, 6], [5, 8, 4], [2, 3, 4, 5], [3, 4, 1, 2, 5]]) {
      const count = dims.reduce((product, size) => product * size, 1);
      const x = randoms(count);
      for (const order of permutations(dims.map((_, i) => i))) {
        const outDims = order.map((i) => dims[i]!);
        const strides = order.map((i) => stridesOf(dims)[i]!);
        check(kernels, x, count, outDims, strides, stridesOf(outDims));
        check(kernels, x, count, outDims, stridesOf(outDims), strides);
      }
    }
  });

  it('slices, concatenation, broadcast, reversal, steps, rank 8', () => {
    const x = randoms(400);
    check(kernels, x, 400, [6, 7], [20, 1], [7, 1], 45);
    check(kernels, x, 400, [6, 7], [7, 1], [20, 1], 0, 45);
    check(kernels, x, 400, [6, 7], [0, 1], [7, 1]);
    check(kernels, x, 400, [6, 7], [1, 0], [7, 1]);
    check(kernels, x, 400, [6, 7], [0, 0], [7, 1], 3);
    check(kernels, x, 400, [6, 7], [-7, 1], [7, 1], 35);
    check(kernels, x, 400, [6, 7], [7, -1], [7, 1], 6);
    check(kernels, x, 400, [9, 8], [1, -9], [8, 1], 9 * 7);
    check(kernels, x, 400, [10, 10], [40, 2], [10, 1]);
    check(kernels, x, 400, [10, 10], [10, 1], [40, 2]);
    check(kernels, x, 400, [2, 1, 2, 3, 2, 1, 2, 2], [2, 9, 4, 8, 1, 5, 24, 48], stridesOf([2, 1, 2, 3, 2, 1, 2, 2]));
    check(kernels, x, 10, [3, 0, 2], [1, 1, 1], [1, 1, 1]);
  });
});
