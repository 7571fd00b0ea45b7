/**
 * The benchmark command: a quick run of each suite, and the structure of the file that it writes.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BenchFile } from '../../bench/run.ts';
import { runSuite } from '../../bench/run-suite.ts';
import { pageAddress, servePage } from '../../bench/serve-page.ts';
import type { BenchRecord } from '../../bench/suite.ts';
import { findSuite, suites } from '../../bench/suites/index.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'gradlet-bench-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...words: readonly string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...words]);

function checkRecord(record: BenchRecord, suite: string): void {
  const { milliseconds, value, unit, ceiling, share } = record;
  const threads = suite === 'threads' ? 2 : 1;
  expect(record).toMatchObject({ suite, backend: 'wasm', threads, name: expect.any(String) });
  expect(milliseconds.p10).toBeLessThanOrEqual(milliseconds.median);
  expect(milliseconds.median).toBeLessThanOrEqual(milliseconds.p90);
  expect(milliseconds.p10).toBeGreaterThan(0);
  expect(value).toBeGreaterThan(0);
  expect(unit).not.toBe('');
  if (ceiling !== null) expect(share).toBeGreaterThan(0);
  else expect(share).toBeNull();
}

describe('a suite', () => {
  it.each(suites.map(({ name }) => name))('%s gives records', async (suite) => {
    const seen: BenchRecord[] = [];
    const report = await runSuite({ suite, backend: 'wasm', quick: true }, (record) => seen.push(record));
    expect(seen.length).toBeGreaterThan(0);
    expect(report.records).toEqual(seen);
    expect(report.device).toContain('WebAssembly');
    for (const record of seen) checkRecord(record, suite);
    const ahead = findSuite(suite).cases?.({ backend: 'wasm', isSoftware: false, quick: true });
    if (ahead !== undefined) expect(seen.map(({ name }) => name)).toEqual(ahead);
  });

  it('measures barriers where there are threads', async () => {
    const names: string[] = [];
    const request = { suite: 'overhead', backend: 'wasm', threads: 2, quick: true } as const;
    await runSuite(request, ({ name, threads }) => names.push(`${name}, ${threads}`));
    expect(names).toEqual(['kernel, 1', 'kernel and barrier, 2', 'kernel without barrier, 2', 'barrier, 2']);
  });

  it('takes the binary that was asked for, and the ceiling of its instructions', async () => {
    const request = { suite: 'matmul', backend: 'wasm', binary: 'simd', quick: true } as const;
    const { device, ceilings } = await runSuite(request, () => undefined);
    expect(device).toBe('WebAssembly simd');
    expect(ceilings.method).toContain('separate multiplies and adds (plain SIMD)');
  });

  it('is refused on a backend that it is not about', async () => {
    const request = { suite: 'threads', backend: 'webgpu', quick: true } as const;
    await expect(runSuite(request, () => undefined)).rejects.toThrow('threads is about wasm alone');
  });

  it('is found by its name, or the nearest is suggested', () => {
    expect(findSuite('step').name).toBe('step');
    expect(() => findSuite('steps')).toThrow(/no suite 'steps'; did you mean 'step'\?/);
  });
});

describe('the command', () => {
  it('prints a table, and writes records with their environment', async () => {
    const json = join(folder, 'matmul.json');
    const { stdout } = await bench('matmul', '--quick', '--json', json);
    expect(stdout).toMatch(/name +backend +threads +median ms[^]*64 × 64 +wasm +1 /);
    const file = JSON.parse(readFileSync(json, 'utf8')) as BenchFile;
    expect(file.environment).toMatchObject({ browser: null, adapter: null, node: process.version, flags: [] });
    expect(Date.parse(file.environment.date)).toBeGreaterThan(0);
    expect(file.environment.cores).toBeGreaterThan(0);
    expect(file.environment.ceilings.gflops).toBeGreaterThan(0);
    file.records.forEach((record) => checkRecord(record, 'matmul'));
  });

  it('starts processes of their own for cold starts', async () => {
    const json = join(folder, 'start.json');
    await bench('start', '--quick', '--json', json);
    const { records } = JSON.parse(readFileSync(json, 'utf8')) as BenchFile;
    records.forEach((record) => checkRecord(record, 'start'));
    const [whole, ...stages] = records.map(({ value }) => value);
    expect(stages).toHaveLength(5);
    expect(stages.reduce((sum, stage) => sum + stage, 0)).toBeCloseTo(whole!, 6);
  });

  it('serves the page, isolated, with what cold starts need', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const server = await servePage(0);
    try {
      const address = `${server.origin}${pageAddress}`;
      expect(log.mock.calls.join()).toContain(address);
      const page = await fetch(address);
      expect(await page.text()).toContain('<h1>gradlet benchmark</h1>');
      expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      for (const file of ['bench/page/main.ts', 'bench/page/worker.ts', 'build/start/first-step.mjs']) {
        const bundle = await (await fetch(`${server.origin}/${file}`)).text();
        expect(bundle.length, file).toBeGreaterThan(1000); // a failed build is one line
      }
    } finally {
      log.mockRestore();
      await server.close();
    }
  });

  it('ends with 1 and a hint for what it does not know', async () => {
    const run = (...words: readonly string[]) => bench(...words).catch((error: unknown) => error);
    expect(await run('matmull')).toMatchObject({ code: 1, stderr: expect.stringContaining("did you mean 'matmul'?") });
    expect(await run('matmul', '--treads', '2')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Did you mean --threads?'),
    });
  });
});
