/**
 * Examples in a page: the ten digits on both backends, mails on WebGPU. The programs are the same as in Node. SwiftShader is
 * slow, so there are few samples.
 */
import { describe, expect, it } from 'vitest';
import type { Settings } from '../../tools/examples/example.ts';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('../../tools/examples/page.ts')>('tools/examples/page.ts');

const settings: Settings = {
  example: 'p2-ten-digits',
  epochs: 1,
  batchSize: 32,
  seed: 1,
  small: true,
  testCount: 1_000,
};

describe.each(['wasm', 'webgpu'] as const)('in a page on %s', (backend) => {
  it('one epoch of 6,000 digits is enough to read most of the others', { timeout: 120_000 }, async () => {
    const { result, model } = await page('runInPage', { ...settings, backend }, { timeout: 110_000 });
    expect(result.engine.name).toBe(backend);
    expect(result.test.accuracy).toBeGreaterThan(0.85);
    expect(result.history.val_accuracy![0]).toBeGreaterThan(0.85);
    expect(model!.length).toBeGreaterThan(4 * 55_050); // base64 of 55,050 floats
  });
});

describe.each(['p3-text-classifier', 'p5-text-with-dropout'])('%s in a page on webgpu', (example) => {
  it('learns from some mails', { timeout: 120_000 }, async () => {
    const few = { ...settings, example, epochs: 2, trainCount: 160, backend: 'webgpu' } as const;
    const { result, model } = await page('runInPage', few, { timeout: 110_000 });
    expect(result.engine.name).toBe('webgpu');
    expect(result.history.loss![1]).toBeLessThan(result.history.loss![0]!);
    expect(result.test.accuracy).toBeGreaterThan(0.5);
    expect(model!.length).toBeGreaterThan(4 * 160_000);
  });
});
