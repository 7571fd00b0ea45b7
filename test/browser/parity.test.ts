/**
 * The ten-digit network with one seed on all three backends: 100 steps on real digits give the same loss curve within rounding,
 * and each backend is deterministic to the bit. Memory stays constant over 10,000 steps.
 */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { tenThousandSteps, trainDigits } from './pages/parity.ts';

const page = browserModule<typeof import('./pages/parity.ts')>('test/browser/pages/parity.ts');
const steps = 100;

/**
 * Maximum difference of the loss from the float64 curve, relative to 1 + loss. The rounding of a step is about 1e-6. Adam
 * divides by the root of small second moments, which amplifies differences at the start of training.
 */
const bound = 2e-3;

describe('100 steps on the digits', () => {
  const reference = trainDigits({ backend: 'reference', steps });

  it('go down in float64', { timeout: 60_000 }, async () => {
    const { losses } = await reference;
    expect(losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10).toBeLessThan(0.5 * losses[0]!);
  });

  it.each(['wasm', 'webgpu'] as const)(
    '%s: the reference’s curve, and the same bits twice',
    { timeout: 120_000 },
    async (backend) => {
      const first = await page('trainDigits', { backend, steps }, { timeout: 110_000 });
      const second = await page('trainDigits', { backend, steps }, { timeout: 110_000 });
      expect(second).toEqual(first);
      const { losses } = await reference;
      const worst = Math.max(...losses.map((loss, step) => Math.abs(first.losses[step]! - loss) / (1 + loss)));
      expect(worst).toBeLessThan(bound);
    },
  );

  it('wasm in Node, plain SIMD: the same', { timeout: 60_000 }, async () => {
    const first = await trainDigits({ backend: 'wasm', steps });
    const { losses } = await reference;
    const worst = Math.max(...losses.map((loss, step) => Math.abs(first.losses[step]! - loss) / (1 + loss)));
    expect(worst).toBeLessThan(bound);
    expect(await trainDigits({ backend: 'wasm', steps })).toEqual(first);
  });
});

describe('10,000 steps take no more memory than 100', () => {
  it.each(['wasm', 'webgpu'] as const)('%s in a page', { timeout: 180_000 }, async (backend) => {
    const { before, after } = await page('tenThousandSteps', backend, { timeout: 170_000 });
    expect(after).toBe(before);
  });

  it.each(['reference', 'wasm'] as const)(
    '%s in Node, the process’s own included',
    { timeout: 60_000 },
    async (backend) => {
      await tenThousandSteps(backend); // warm-up
      const buffers = process.memoryUsage().arrayBuffers;
      const { before, after } = await tenThousandSteps(backend);
      expect(after).toBe(before);
      expect(process.memoryUsage().arrayBuffers - buffers).toBeLessThan(64 * 2 ** 20);
    },
  );
});
