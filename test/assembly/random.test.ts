/** Random numbers from Threefry-2x32-20: the same bits as src/core/random.ts, which is tested against published vectors. */
import { describe, expect, it } from 'vitest';
import { threefry2x32 } from '../../src/core/random.ts';
import { dropoutMaskKernel, randomUniformKernel } from '../../src/generated/wasm/kernels.ts';
import { lengths, loadBinaries } from './kernels.ts';

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('random, %s', (_name, kernels) => {
  it.each(lengths)('uniform numbers and dropout, n = %i', (n) => {
    kernels.reset();
    const key = [0xdeadbeef, 42] as const;
    const step = kernels.int32s([9]);
    const out = kernels.allocate(n * 4);
    const words = { out, count: n, key0: key[0], key1: key[1], step };
    kernels.call(randomUniformKernel, words);
    const uniform = Array.from({ length: n }, (_, i) => (threefry2x32(key, i >> 1, 9)[i & 1]! >>> 8) * 2 ** -24);
    expect([...kernels.readFloats(out, n)]).toStrictEqual(uniform);
    for (const rate of [0, 0.25, 0.9]) {
      kernels.call(dropoutMaskKernel, { ...words, rate });
      const kept = Math.fround(1 / Math.fround(1 - Math.fround(rate)));
      expect([...kernels.readFloats(out, n)]).toStrictEqual(uniform.map((u) => (u >= Math.fround(rate) ? kept : 0)));
    }
  });
});
