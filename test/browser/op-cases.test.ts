/** Every op in a browser: on WebGPU, and on WebAssembly with relaxed SIMD, all its cases within their analytic bounds. */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { opNames } from '../support/run-cases.ts';

const page = browserModule<typeof import('./pages/op-cases.ts')>('test/browser/pages/op-cases.ts');

/** Ops to a page: enough of them that starting a page and a device does not count. */
const together = 12;
const groups = Array.from({ length: Math.ceil(opNames.length / together) }, (_, index) =>
  opNames.slice(index * together, (index + 1) * together),
);

/** Those that have kernels of their own for software adapters: here are the others. */
it('any-gpu: matmul', async () => {
  expect(await page('runOps', { backend: 'any-gpu', ops: ['matmul'] }, { timeout: 85_000 })).toEqual({});
});

describe.each(['webgpu', 'relaxed-simd'] as const)('%s', (backend) => {
  it.each(groups.map((ops) => [ops.join(' '), ops] as const))('%s', async (_, ops) => {
    expect(await page('runOps', { backend, ops }, { timeout: 85_000 })).toEqual({});
  });
});
