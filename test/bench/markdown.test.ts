/**
 * The table of a comparison, and how it is inserted into README.md.
 */
import { describe, expect, it } from 'vitest';
import { comparisonTable } from '../../bench/comparison/markdown.ts';
import type { PeersFile } from '../../bench/comparison/report.ts';
import type { BenchRecord } from '../../bench/suite.ts';
import { sizeLine } from '../../bench/table.ts';
import { performanceSection, withSection } from '../../tools/update-readme.ts';

function record(name: string, value: number, unit: string, threads: number): BenchRecord {
  const milliseconds = { median: value, p10: value, p90: value };
  return { suite: 'peers', name, backend: 'wasm', threads, milliseconds, value, unit, ceiling: null, share: null };
}

const file: PeersFile = {
  environment: {
    gradlet: '0.1.0',
    date: '2026-01-31T12:00:00.000Z',
    cpu: 'A Processor',
    cores: 2,
    node: 'v20.19.0',
    browser: 'Chrome/150.0.0.0',
    adapter: null,
    flags: [],
    ceilings: { gflops: 40, cachedBandwidth: 50, memoryBandwidth: 20, method: '' },
    device: 'WebAssembly relaxed-simd',
    versions: { 'jax-js': '0.1.25', tfjs: '4.22.0' },
  },
  records: [
    record('product 64 × 64, gradlet wasm', 30.1, 'GFLOP/s', 1),
    record('product 64 × 64, jax-js wasm', 3.456, 'GFLOP/s', 2),
    record('product 64 × 64, tfjs wasm', 12, 'GFLOP/s', 1),
    record('step 784-128-64-10 batch 32, gradlet wasm', 0.51, 'ms a step', 1),
    record('step 784-128-64-10 batch 32, jax-js wasm', 5.6, 'ms a step', 2),
  ],
  failures: [
    { name: 'step 784-128-64-10 batch 32, tfjs wasm', message: 'a\n<b> | c at http://127.0.0.1:99/d.js' },
    { name: 'first loss batch 32, tfjs wasm', message: 'x'.repeat(300) },
  ],
  sizes: [
    { name: 'size, gradlet wasm', bytes: 190_000, gzip: 60_100 },
    { name: 'size, jax-js wasm', bytes: 270_000, gzip: 84_000 },
  ],
};

describe('the table', () => {
  it('has a row for each thing and a column for each library', () => {
    expect(`\n${comparisonTable(file)}\n`).toMatchInlineSnapshot(`
      "
      WebAssembly: Chrome/150.0.0.0 on A Processor with 2 cores, 2026-01-31. Threads: gradlet 1, jax-js 2, tfjs 1. Peers: jax-js 0.1.25, tfjs 4.22.0.

      |  | gradlet | jax-js | tfjs |
      | --- | --: | --: | --: |
      | product 64 × 64, GFLOP/s | **30.1** | 3.46 | 12.0 |
      | step 784-128-64-10 batch 32, ms a step | **0.510** | 5.60 | failed |
      | first loss batch 32 | – | – | failed |
      | size, kB gzipped | **60.1** | 84.0 | – |

      - step 784-128-64-10 batch 32, tfjs wasm failed: a \\<b\\> \\| c at …
      - first loss batch 32, tfjs wasm failed: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      "
    `);
  });

  it('names the adapter of a GPU, and no threads', () => {
    const onGpu = (measured: BenchRecord): BenchRecord => ({
      ...measured,
      backend: 'webgpu',
      name: measured.name.replace('wasm', 'webgpu'),
    });
    const environment = { ...file.environment, device: 'google swiftshader' };
    const table = comparisonTable({ ...file, environment, records: file.records.map(onGpu) });
    expect(table).toMatch(/^WebGPU \(google swiftshader\): Chrome.* 2026-01-31\. Peers/);
  });

  it('refuses records of other suites', () => {
    const other = { ...file, records: [record('batch 32', 1, 'ms', 1)] };
    expect(() => comparisonTable(other)).toThrow("'batch 32' is not the name of a comparison's record");
  });
});

it('a size is a line', () => {
  expect(sizeLine(file.sizes[0]!, 20)).toBe('size, gradlet wasm    60.1 kB gzipped, 190 kB before');
});

describe('the section of README.md', () => {
  const readme = 'before\n\n<!-- performance:begin -->\nold\n<!-- performance:end -->\n\nafter\n';

  it('replaces what is between the comments, and stays when it is written again', async () => {
    const section = performanceSection([file, file]);
    const written = await withSection(readme, section);
    expect(written).toMatch(
      /^before\n\n<!-- performance:begin -->\n\n`npm run bench[^]*\n\n<!-- performance:end -->\n\nafter\n$/,
    );
    expect(written).not.toContain('old');
    expect(written.match(/\*\*30\.1\*\*/g)).toHaveLength(2);
    expect(Math.max(...written.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(300);
    expect(await withSection(written, section)).toBe(written);
  });

  it('must be marked, once', async () => {
    await expect(withSection('nothing', '')).rejects.toThrow("'<!-- performance:begin -->'");
    await expect(withSection('<!-- performance:end --><!-- performance:begin -->', '')).rejects.toThrow('once each');
    await expect(withSection(readme + readme, '')).rejects.toThrow('once each');
  });
});
