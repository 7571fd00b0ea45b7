/**
 * Runs every kernel in a page with relaxed SIMD, on one thread and on two: values are within tolerance, the bits equal those of
 * one thread, and no byte outside the outputs is written. test/assembly/untouched-memory.test.ts tests the other settings.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { opNames } from '../support/run-cases.ts';

const page = browserModule<typeof import('./pages/untouched-memory.ts')>('test/browser/pages/untouched-memory.ts');

it.each([1, 2])('relaxed SIMD, threads: %i', async (threads) => {
  const setting = { binary: 'relaxed-simd', threads } as const;
  const findings = await page('checkKernels', setting, { timeout: 85_000 });
  expect(findings).toEqual({ threads, ops: opNames.length, problems: [] });
});
