/**
 * Tuning on a real WebGPU device: all tried kernels give equal results, the choice is used, and a later page of the same origin
 * loads it from IndexedDB. Which kernel is the fastest depends on the device; ../tune tests the choice itself.
 */
import { expect, it } from 'vitest';
import { browserModule, callIn, withPage } from '../support/browser.ts';

const file = 'test/browser/pages/tune.ts';
type Tune = typeof import('./pages/tune.ts');
const page = browserModule<Tune>(file);

it('tries kernels that compute the same, takes its choice, and a later page takes it up', async () => {
  await withPage({}, async (tab) => {
    const call = callIn<Tune>(tab, file);
    const { tuning, left, errors, kernelsBefore, kernelsAfter } = await call('choose');
    expect(tuning.reason).toBe('');
    expect(Object.keys(tuning.kernels)).toEqual([
      'matmul 30x70 40x70 40 {"transposeA":false,"transposeB":true,"activation":"relu","bias":2,"residual":0}',
      'matmul 30x40 40x9 {"transposeA":false,"transposeB":false,"activation":"none","bias":0,"residual":0}',
    ]);
    Object.values(tuning.trials).forEach(({ name, milliseconds }, index) => {
      expect(Object.keys(milliseconds)).toContain(kernelsBefore[index]);
      expect(milliseconds[name]).toBeGreaterThan(0);
      expect(name).toBe(kernelsAfter[index]);
    });
    expect(Object.entries(errors).filter(([, error]) => !(error < 1e-4))).toEqual([]);
    expect(Object.keys(errors)).toEqual(
      expect.arrayContaining([
        'plain',
        'split-k',
        'skinny',
        'small-tile',
        'huge-tile',
        'large-tile',
        'medium-tile',
        'after',
      ]),
    );
    expect(left).toEqual([0, 0]);

    await tab.reload();
    expect(await call('takeUp')).toEqual({ count: 2, reason: '', kernels: kernelsAfter, measured: 0 });
    const others = ['plain', 'medium-tile'];
    await call('store', others);
    await tab.reload();
    expect(await call('takeUp')).toEqual({ count: 2, reason: '', kernels: others, measured: 0 });
  });
});

it('goes on without a store that it cannot read', async () => {
  const { foreign, kernels, count, reason } = await page('damaged', undefined, { timeout: 85_000 });
  expect(foreign).toMatch(/choices could not be read: .*version/);
  expect(kernels).toBe(2);
  expect({ count, reason }).toEqual({ count: 0, reason: '' });
});
