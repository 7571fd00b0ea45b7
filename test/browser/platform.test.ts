/**
 * Features of the shared browser, and that failures in a page fail the test. Read this file first when you write a browser test.
 */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/platform.ts')>('test/browser/pages/platform.ts');

describe('the browser', () => {
  it('has a WebGPU adapter that doubles an array', async () => {
    expect(await page('double', [1, -2, 3.5, 0])).toEqual([2, -4, 7, 0]);
  });

  it('isolates pages, so that threads may share memory', async () => {
    expect(await page('platform')).toEqual({ isolated: true, sharedMemory: true, relaxedSimd: true });
  });

  it('does not isolate a page that asks for it', async () => {
    const { isolated, sharedMemory } = await page('platform', undefined, { isolated: false });
    expect({ isolated, sharedMemory }).toEqual({ isolated: false, sharedMemory: false });
  });
});

describe('a call into a page', () => {
  it('brings numbers back whole', async () => {
    expect(await page('specials')).toEqual([NaN, Infinity, -Infinity, 1.5]);
  });

  it('fails with the page', async () => {
    await expect(page('fail')).rejects.toThrow('on purpose');
    await expect(page('complain')).rejects.toThrow('a complaint');
    await expect(page('invalidCall')).rejects.toThrow(/buffer/i);
    await expect(page('never', undefined, { timeout: 200 })).rejects.toThrow('did not finish within 200 ms');
  });

  it('lets an expected error pass', async () => {
    expect(await page('complain', undefined, { expectedErrors: /complaint/ })).toBe('done');
  });
});
