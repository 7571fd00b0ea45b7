/**
 * Node 20 does not compile relaxed SIMD, so the binaries are also tested in the browser.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/wasm-binaries.ts')>('test/browser/pages/wasm-binaries.ts');

it('both binaries start, with a memory of their own and with a shared one', async () => {
  expect(await page('instantiateBinaries')).toEqual([
    'simd alone: 8 modules',
    'simd shared: 8 modules',
    'relaxed-simd alone: 8 modules',
    'relaxed-simd shared: 8 modules',
  ]);
});
