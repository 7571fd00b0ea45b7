/** Every op in a browser: on WebGPU, and on WebAssembly with relaxed SIMD, all its cases within their analytic bounds. */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { opNames } from '../support/run-cases.ts';

const page = browserModule<typeof import('./pages/op-cases.ts')>('test/browser/pages/op-cases.ts');

/** Those whose programs have many kernels that take long to compile, for themselves: they share them. */
const slow = ['recurrent', 'recurrentGradient', 'part'];
const slowTime = 240_000;

/** Ops to a page: enough of them that starting a page and a device does not count. */
const together = 12;
const others = opNames.filter((name) => !slow.includes(name));
const groups = Array.from({ length: Math.ceil(others.length / together) }, (_, index) =>
  others.slice(index * together, (index + 1) * together),
);

/** Those that have kernels of their own for software adapters: here are the others, in parts, for they take long to compile. */
it.each([0, 1, 2, 3])('any-gpu: matmul, part %i', async (number) => {
  const request = { backend: 'any-gpu', ops: ['matmul'], part: { number, of: 4 } } as const;
  expect(await page('runOps', request, { timeout: 85_000 })).toEqual({});
});

describe.each(['webgpu', 'relaxed-simd'] as const)('%s', (backend) => {
  it.each(groups.map((ops) => [ops.join(' '), ops] as const))('%s', async (_, ops) => {
    expect(await page('runOps', { backend, ops }, { timeout: 85_000 })).toEqual({});
  });
});

it.each(['any-gpu', 'webgpu', 'relaxed-simd'] as const)(
  `%s: ${slow.join(' ')}`,
  async (backend) => {
    expect(await page('runOps', { backend, ops: slow }, { timeout: slowTime })).toEqual({});
  },
  slowTime,
);
