/**
 * The cases of the ops that have special kernels for software adapters, with the kernels for an unknown adapter.
 * kernel-variants.test.ts tests every op with the kernels for the actual adapter, untouched-memory.test.ts on WebAssembly.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/op-cases.ts')>('test/browser/pages/op-cases.ts');

/** Split into parts, because a software adapter takes long to compile the kernels of all cases. */
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
