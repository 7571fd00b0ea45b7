/**
 * The parts of the benchmark page that need no browser: the plan, the state, number formats, positions in the chart.
 * test/browser/bench-page.test.ts tests the page itself.
 */
import { describe, expect, it } from 'vitest';
import { fileOf, markdownOf } from '../../bench/page/export.ts';
import { formatBytes, formatSpread, formatTime } from '../../bench/page/format.ts';
import type { Machine } from '../../bench/page/machine.ts';
import { offers, type Options, planOf } from '../../bench/page/plan.ts';
import { frameOf } from '../../bench/page/scale.ts';
import { doneOf, next, recordsOf, type RunEvent, started, type State, totalOf } from '../../bench/page/state.ts';
import type { BenchRecord } from '../../bench/suite.ts';
import { withTimestamps } from '../../bench/gpu-timer.ts';

const options: Options = { backends: ['wasm', 'webgpu'], suites: ['matmul', 'start'], quick: false, threads: 1 };

describe('the plan', () => {
  it('offers what tells its cases ahead, and cold starts', () => {
    expect(offers.map(({ suite }) => suite)).toEqual(['memory', 'matmul', 'elementwise', 'step', 'lstm', 'start']);
  });

  it('counts the steps of each backend, fewer for a software adapter', () => {
    const steps = (isSoftware: boolean): string[] =>
      planOf(options, isSoftware).map((part) => `${part.backend} ${part.suite} ${part.steps}`);
    expect(steps(false)).toEqual([
      ...['wasm ceilings 1', 'wasm matmul 5', 'wasm start 16'],
      ...['webgpu ceilings 1', 'webgpu matmul 6', 'webgpu start 16'],
    ]);
    expect(steps(true)).toContain('wasm matmul 5');
    expect(steps(true)).toContain('webgpu matmul 4');
  });
});

const record: BenchRecord = {
  suite: 'matmul',
  name: '64 × 64',
  backend: 'webgpu',
  threads: 1,
  milliseconds: { median: 0.5, p10: 0.25, p90: 1, gpu: { median: 0.125, p10: 0.1, p90: 0.2 } },
  value: 1.0486,
  unit: 'GFLOP/s',
  ceiling: 10,
  share: 0.10486,
};
const device = { description: 'an | adapter', threads: 1, reason: '', isSoftware: false };
const ceilings = { gflops: 10, cachedBandwidth: 30, memoryBandwidth: 20, method: 'somehow' };

const after = (...events: readonly RunEvent[]): State => events.reduce(next, started(options, planOf(options, false)));

describe('the state', () => {
  it('follows a run', () => {
    const state = after(
      { kind: 'device', backend: 'webgpu', device },
      { kind: 'ceilings', backend: 'webgpu', ceilings },
      { kind: 'case', backend: 'webgpu', suite: 'matmul', name: '64 × 64' },
      { kind: 'record', record },
      { kind: 'step', backend: 'webgpu', suite: 'matmul' },
    );
    expect(state.phase).toBe('running');
    expect(state.current).toMatchObject({ name: '64 × 64' });
    expect(recordsOf(state)).toEqual([record]);
    expect([doneOf(state), totalOf(state)]).toEqual([2, 45]);
    expect(next(state, { kind: 'end', cancelled: true })).toMatchObject({ phase: 'cancelled', current: null });
    expect(next(state, { kind: 'end', cancelled: false }).phase).toBe('finished');
  });

  it('counts what has failed as done: a suite, or all of a backend', () => {
    const suite = after({ kind: 'failure', backend: 'wasm', suite: 'start', message: 'out of memory' });
    expect(doneOf(suite)).toBe(16);
    const backend = after({ kind: 'failure', backend: 'webgpu', suite: null, message: 'no device' });
    expect(doneOf(backend)).toBe(23);
    expect(backend.failures).toHaveLength(1);
  });
});

describe('what is taken away', () => {
  const machine: Machine = {
    browser: 'Chrome/150.0.0.0',
    cores: 4,
    isolated: false,
    relaxedSimd: true,
    gpu: { obstacle: 'none' },
  };

  it('is a file only when its ceilings are known', () => {
    const early = after({ kind: 'device', backend: 'webgpu', device }, { kind: 'record', record });
    expect(fileOf(early, machine, 'webgpu')).toBeNull();
    expect(fileOf(early, machine, 'wasm')).toBeNull();
    const file = fileOf(next(early, { kind: 'ceilings', backend: 'webgpu', ceilings }), machine, 'webgpu');
    expect(file).toMatchObject({ records: [record], environment: { adapter: null, device: 'an | adapter', ceilings } });
    expect(file!.environment.flags).toEqual(['not cross-origin isolated']);
  });

  it('is Markdown that no adapter name breaks', () => {
    const state = after(
      { kind: 'device', backend: 'webgpu', device },
      { kind: 'ceilings', backend: 'webgpu', ceilings },
      { kind: 'record', record },
    );
    const text = markdownOf({ ...state, date: '2026-01-31T12:00:00.000Z' }, machine);
    expect(text.replace(/^gradlet \S+,/, 'gradlet,')).toMatchInlineSnapshot(`
      "gradlet, Chrome/150.0.0.0, 4 cores, 2026-01-31.

      **WebGPU**: an \\| adapter. Ceilings: 10.0 GFLOP/s, 20.0 GB/s in memory, 30.0 GB/s in the cache.

      | suite | case | threads | result | of ceiling | median | p10–p90 | GPU median |
      | --- | --- | --: | --: | --: | --: | --: | --: |
      | Matrix products | 64 × 64 | 1 | 1.05 GFLOP/s | 10 % | 500 µs | 0.250–1.00 ms | 125 µs |
      "
    `);
  });
});

it.each([
  [16_384, '16 KiB'],
  [1.5 * 2 ** 20, '1.50 MiB'],
  [2 ** 32 - 4, '4 GiB'],
  [100, '100 bytes'],
])('%d bytes read %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it.each([
  [0.0123, '12.3 µs'],
  [1.5, '1.50 ms'],
  [2500, '2.50 s'],
])('%d milliseconds read %s', (milliseconds, text) => expect(formatTime(milliseconds)).toBe(text));

it('a spread has one unit', () => {
  expect(formatSpread({ median: 1, p10: 0.5, p90: 1.5 })).toBe('0.500–1.50 ms');
  expect(formatSpread({ median: 1, p10: 0.0005, p90: 0.15 })).toBe('0.500–150 µs');
});

describe('the picture', () => {
  const dot = { backend: 'wasm', suite: 'matmul', name: '', x: 1000, y: 0.0004 } as const;
  const roof = { backend: 'wasm', gflops: 50, memory: 20, cached: 80 } as const;

  it('holds everything that is to be drawn', () => {
    const frame = frameOf(1000, [dot], [roof]);
    expect(frame.x(dot.x)).toBeLessThan(1000 - frame.right);
    expect(frame.y(dot.y)).toBeLessThan(frame.height - frame.bottom);
    expect(frame.y(roof.gflops)).toBeGreaterThan(frame.top);
    expect(frame.yTicks).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
  });

  it('is logarithmic, and has ticks however little there is to show', () => {
    const frame = frameOf(360, [], [roof]);
    expect(frame.x(10) - frame.x(1)).toBeCloseTo(frame.x(100) - frame.x(10), 0);
    expect(frame.y(10)).toBeLessThan(frame.y(1));
    expect(frame.yTicks.length).toBeGreaterThan(1);
    expect(frameOf(360, [], []).yTicks).toEqual([0.1, 1, 10, 100]);
  });
});

describe('a GPU with timestamps', () => {
  const adapterWith = (features: readonly string[], asked: unknown[]) => ({
    features: new Set(features),
    requestDevice: (descriptor: unknown) => {
      asked.push(descriptor);
      return Promise.resolve({});
    },
  });

  it('is as before where the adapter has none', async () => {
    const asked: unknown[] = [];
    const adapter = adapterWith(['subgroups'], asked);
    const gpu = { requestAdapter: () => Promise.resolve(adapter), wgslLanguageFeatures: new Set(['packed']) };
    const timed = withTimestamps(gpu as unknown as GPU);
    const descriptor = { label: 'gradlet' };
    await (await timed.gpu.requestAdapter())!.requestDevice(descriptor);
    expect(asked).toEqual([descriptor]);
    expect(timed.timer).toBeNull();
    expect(timed.gpu.wgslLanguageFeatures.has('packed')).toBe(true);
  });

  it('has no device where there is no adapter', async () => {
    const timed = withTimestamps({ requestAdapter: () => Promise.resolve(null) } as unknown as GPU);
    expect(await timed.gpu.requestAdapter()).toBeNull();
  });
});
