/** The program loop, the check for non-finite values, and the work that kernels report. */
import { describe, expect, it } from 'vitest';
import { fillKernel, firstNonFiniteKernel } from '../../src/generated/wasm/kernels.ts';
import { lengths, loadBinaries, randoms } from './kernels.ts';

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('execute, %s', (_name, kernels) => {
  const enter = (kernel: string): number => {
    const index = kernels.table.grow(1);
    kernels.table.set(index, kernels.exports[kernel]);
    return index;
  };

  it('walks a program for a number of steps', () => {
    kernels.reset();
    const [increment, fill] = [enter('increment'), enter('fill')];
    const counter = kernels.int32s([5]);
    const other = kernels.allocate(12);
    const words = [increment, 20, counter, counter, 2, fill, 20, other, 3, 7, increment, 20, counter, counter, 1, 0xffffffff];
    const program = kernels.int32s(words.map((word) => word | 0));
    kernels.exports['run']!(program, 0);
    expect(kernels.readInt32s(counter, 1)[0]).toBe(5);
    kernels.exports['run']!(program, 4);
    expect(kernels.readInt32s(counter, 1)[0]).toBe(17);
    expect([...kernels.readInt32s(other, 3)]).toStrictEqual([7, 7, 7]);
  });

  it.each(lengths)('first_non_finite, n = %i', (n) => {
    kernels.reset();
    const x = randoms(n).map((v) => v * 3.4e38);
    const pointer = kernels.floats(x);
    const flag = kernels.int32s([-1]);
    const step = kernels.int32s([12]);
    kernels.call(firstNonFiniteKernel, { x: pointer, count: n, flag, step });
    expect(kernels.readInt32s(flag, 1)[0]).toBe(-1);
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const at of [0, n >> 1, n - 1].filter((i) => i >= 0 && i < n)) {
        new Float32Array(kernels.memory.buffer)[(pointer >> 2) + at] = bad;
        new Int32Array(kernels.memory.buffer)[flag >> 2] = -1;
        kernels.call(firstNonFiniteKernel, { x: pointer, count: n, flag, step });
        expect(kernels.readInt32s(flag, 1)[0]).toBe(12);
        new Float32Array(kernels.memory.buffer)[(pointer >> 2) + at] = 0;
      }
    }
    new Int32Array(kernels.memory.buffer)[flag >> 2] = 3;
    new Float32Array(kernels.memory.buffer).fill(NaN, pointer >> 2, (pointer >> 2) + n);
    kernels.call(firstNonFiniteKernel, { x: pointer, count: n, flag, step });
    expect(kernels.readInt32s(flag, 1)[0]).toBe(3);
  });

  it('asks a kernel for its work without doing it', () => {
    kernels.reset();
    const out = kernels.int32s([1, 2, 3]);
    const work = (count: number): number =>
      kernels.exports['shared_work']!(fill, kernels.place(fillKernel, { out, count, value: 7 }));
    const fill = enter('fill');
    expect(work(3)).toBeGreaterThan(0);
    expect(work(3000)).toBeGreaterThan(work(3));
    expect([...kernels.readInt32s(out, 3)]).toStrictEqual([1, 2, 3]);
    kernels.call(fillKernel, { out, count: 3, value: 7 });
    expect([...kernels.readInt32s(out, 3)]).toStrictEqual([7, 7, 7]);
  });
});
