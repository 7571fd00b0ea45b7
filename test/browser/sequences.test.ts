/** Sequence models with one seed on all three backends: the same loss curve within rounding, including dropout and masks. */
import { describe, expect, it } from 'vitest';
import { recurrent } from '../../src/ops/recurrent/recurrent.ts';
import { browserModule } from '../support/browser.ts';
import { models, trainReader } from './pages/sequences.ts';
import type { ModelName } from './pages/sequences.ts';

const page = browserModule<typeof import('./pages/sequences.ts')>('test/browser/pages/sequences.ts');
const steps = 30;
// Only backends that have the kernels are tested.
const backends = (['wasm', 'webgpu'] as const).filter((backend) => recurrent.op.kernels[backend].length > 0);

describe.each(Object.keys(models) as ModelName[])('%s', (model) => {
  it.each(backends)('%s: the reference’s curve', { timeout: 60_000 }, async (backend) => {
    const expected = await trainReader({ backend: 'reference', model, steps });
    const { losses, predictions } = await page('trainReader', { backend, model, steps }, { timeout: 50_000 });
    expect(expected.losses.at(-1)).toBeLessThan(0.95 * expected.losses[0]!);
    // About the rounding of a step, 1e-6, amplified by Adam.
    losses.forEach((loss, step) => expect(Math.abs(loss - expected.losses[step]!), `step ${step}`).toBeLessThan(1e-4));
    expect(losses.length).toBe(steps);
    predictions.forEach((value, at) => expect(Math.abs(value - expected.predictions[at]!)).toBeLessThan(1e-3));
  });
});
