import { describe, expect, it, vi } from 'vitest';
import { ceilingModule, hasRelaxedSimd } from '../../bench/ceilings/module.ts';
import { timeInTurn } from '../../bench/executions.ts';
import { floorMilliseconds, measureCeilings, trainingWork } from '../../bench/ceilings/ceilings.ts';
import {
  callNanoseconds,
  type Sampler,
  roundNanoseconds,
  withCopies,
  withMultiplyAdds,
  withReads,
} from '../../bench/ceilings/wasm.ts';
import { measure, repeatsFor, scaled, spread } from '../../bench/measure.ts';

describe('spread', () => {
  it('tells median and percentiles whatever the order', () => {
    expect(spread([5])).toEqual({ median: 5, p10: 5, p90: 5 });
    expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, p10: expect.closeTo(1.3), p90: expect.closeTo(3.7) });
    const ninetyNine = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect(spread(ninetyNine)).toEqual({ median: 50, p10: 10, p90: 90 });
    expect(() => spread([])).toThrow('no samples');
  });

  it('is scaled as a whole', () => {
    expect(scaled({ median: 2, p10: 1, p90: 4 }, 0.5)).toEqual({ median: 1, p10: 0.5, p90: 2 });
  });
});

describe('measure', () => {
  it('warms up, and takes at least the samples asked for', async () => {
    let calls = 0;
    await measure(() => void calls++, { warmUp: 2, samples: 5, milliseconds: 0 });
    expect(calls).toBe(7);
  });

  it('goes on until the time has passed, and stops early when it takes too long', async () => {
    let calls = 0;
    await measure(() => void calls++, { warmUp: 0, samples: 1, milliseconds: 20 });
    expect(calls).toBeGreaterThan(10);
    calls = 0;
    const slow = async (): Promise<void> => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const { median } = await measure(slow, { warmUp: 0, samples: 100, milliseconds: 0, atMost: 1 });
    expect(calls).toBe(3);
    expect(median).toBeGreaterThan(3);
  });

  it('finds how often to repeat short work', async () => {
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const work = (each: number) => (repeats: number) => Promise.resolve(void (clock += each * repeats));
    expect(await repeatsFor(work(0.5), 20)).toBe(40);
    expect(await repeatsFor(work(1000), 20)).toBe(1);
    expect(await repeatsFor(work(0), 20)).toBe(65_536);
    vi.restoreAllMocks();
  });
});

describe('the ceilings', () => {
  it.each(hasRelaxedSimd() ? [false, true] : [false])(
    'come from a module that computes, relaxed %s',
    async (relaxed) => {
      const module = await ceilingModule(relaxed, 2);
      // 12 accumulators, each 2⁻²⁰ · (1 + 1/2 + … + 2⁻¹⁹) after 2 · 10 iterations
      expect(module.multiply_add(10)).toBe(12 * 2 ** -20 * (2 - 2 ** -19));
      const bytes = new Uint8Array(module.memory.buffer);
      bytes.set([1, 2, 3], 100);
      module.copy(1 << 20, 100, 3);
      expect([...bytes.subarray(1 << 20, (1 << 20) + 4)]).toEqual([1, 2, 3, 0]);
      // the first four bytes of all loads, combined
      bytes.set([1, 0, 0, 0], 128);
      bytes.set([2, 0, 0, 0], 176);
      expect(module.read(128, 64)).toBe(3);
      expect(module.calls(3)).toBeUndefined();
    },
  );

  it('are measured', async () => {
    const ceilings = await measureCeilings({ quick: true });
    expect(ceilings.gflops).toBeGreaterThan(0.5);
    expect(ceilings.cachedBandwidth).toBeGreaterThan(0.5);
    expect(ceilings.memoryBandwidth).toBeGreaterThan(0.5);
    expect(ceilings.method).toMatch(/one thread$/);
    expect(await callNanoseconds(true)).toBeGreaterThan(0.1);
  });

  it('are measured on several threads at once', async () => {
    const ceilings = await measureCeilings({ quick: true, threads: 2 });
    expect(ceilings.gflops).toBeGreaterThan(0.5);
    expect(ceilings.method).toMatch(/2 threads at once$/);
    expect(await roundNanoseconds({ quick: true, threads: 2 })).toBeGreaterThan(1);
  });

  it.each([1, 2])('are sampled with %i thread(s)', async (threads) => {
    const options = { quick: true, threads };
    const twice = async (sampler: Sampler): Promise<number> => Math.min(await sampler(), await sampler());
    expect(await withMultiplyAdds(options, twice)).toBeGreaterThan(0);
    expect(await withCopies(2 ** 20, options, twice)).toBeGreaterThan(0);
    expect(await withReads(2 ** 20, options, twice)).toBeGreaterThan(0);
  });

  it('need several threads for what goes from one to the next', async () => {
    await expect(roundNanoseconds({ quick: true })).rejects.toThrow('one thread has nobody to give to');
  });

  it('give the floor of a training step', () => {
    const work = trainingWork([784, 128, 64, 10], 32);
    expect(work.operations).toBe(32 * (4 * 784 * 128 + 6 * (128 * 64 + 64 * 10)));
    expect(work.stateBytes).toBe(28 * (785 * 128 + 129 * 64 + 65 * 10));
    const ceilings = { gflops: 40, cachedBandwidth: 80, memoryBandwidth: 20, method: '' };
    expect(floorMilliseconds(work, ceilings)).toBeCloseTo(work.operations / 40e6 + work.stateBytes / 80e6, 10);
  });
});

describe('in turn', () => {
  it('tells how many times faster the second is', async () => {
    const turns: string[] = [];
    const execution = (name: string, milliseconds: number) => ({
      run: (repeats: number) => {
        turns.push(name);
        return new Promise<void>((resolve) => setTimeout(resolve, milliseconds * repeats));
      },
      dispose: () => undefined,
    });
    const { first, second, ratio } = await timeInTurn(execution('a', 40), execution('b', 10), true);
    expect(turns.join('')).toBe('aabb'.repeat(3));
    expect(first.median).toBeGreaterThan(second.median);
    expect(ratio).toBeGreaterThan(1);
  });
});
