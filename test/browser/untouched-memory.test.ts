/**
 * Every kernel in a page, both binaries, one, two and three threads: values within their bounds, the bits of one thread, and
 * not a byte written outside the outputs.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { settings } from '../support/every-kernel.ts';
import { opNames } from '../support/run-cases.ts';

const page = browserModule<typeof import('./pages/untouched-memory.ts')>('test/browser/pages/untouched-memory.ts');

it.each(settings)('$binary, threads: $threads', async (setting) => {
  const findings = await page('checkKernels', setting, { timeout: 85_000 });
  expect(findings).toEqual({ threads: setting.threads, ops: opNames.length, problems: [] });
});
