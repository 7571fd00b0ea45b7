/**
 * The cases of the ops that have kernels of their own for software adapters, with the kernels for an adapter of which nothing is known.
 * Every op on the adapter's own kernels is in kernel-variants.test.ts, on WebAssembly in untouched-memory.test.ts.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/op-cases.ts')>('test/browser/pages/op-cases.ts');

/** In parts: a software adapter takes long to compile the kernels of all cases. */
const timeout = 240_000;

it.each([0, 1, 2, 3])(
  'matmul, part %i',
  async (number) => {
    const request = { ops: ['matmul'], part: { number, of: 4 } } as const;
    expect(await page('runOps', request, { timeout })).toEqual({});
  },
  timeout,
);

const ops = ['recurrent', 'recurrentGradient', 'part'];
it(ops.join(' '), async () => expect(await page('runOps', { ops }, { timeout })).toEqual({}), timeout);
