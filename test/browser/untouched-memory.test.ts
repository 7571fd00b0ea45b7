/**
 * Every kernel in a page with relaxed SIMD, on one thread and on two: values within their bounds, the bits of one thread, and not
 * a byte written outside the outputs. test/assembly/untouched-memory.test.ts has the other settings.
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
