/** The numbers made of Threefry-2x32-20: the bits of src/core/random.ts, which is held against published answers. */
import { describe, expect, it } from 'vitest';
import { threefry2x32 } from '../../src/core/random.ts';
import { bits, lengths, loadBinaries } from './kernels.ts';

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('random, %s', (_name, kernels) => {
  it.each(lengths)('uniform numbers and dropout, n = %i', (n) => {
    kernels.reset();
    const key = [0xdeadbeef, 42] as const;
    const step = kernels.int32s([9]);
    const out = kernels.allocate(n * 4);
    kernels.call('random_uniform', [out, n, ...key, step]);
    const uniform = Array.from({ length: n }, (_, i) => (threefry2x32(key, i >> 1, 9)[i & 1]! >>> 8) * 2 ** -24);
    expect([...kernels.readFloats(out, n)]).toStrictEqual(uniform);
    for (const rate of [0, 0.25, 0.9]) {
      kernels.call('dropout_mask', [out, n, ...key, step, bits(rate)]);
      const kept = Math.fround(1 / Math.fround(1 - Math.fround(rate)));
      expect([...kernels.readFloats(out, n)]).toStrictEqual(uniform.map((u) => (u >= Math.fround(rate) ? kept : 0)));
    }
  });
});
