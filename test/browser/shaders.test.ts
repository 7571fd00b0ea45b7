/**
 * wgsl_reflect accepts some invalid code, so a real WGSL compiler checks every minified shader, with the default text of
 * its blocks.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/shaders.ts')>('test/browser/pages/shaders.ts');

it('the compiler of the browser takes every shader', async () => {
  expect(await page('compileShaders')).toEqual([]);
});

it('finds what wgsl_reflect lets pass', async () => {
  const problems = await page('compileShaders', '@compute @workgroup_size(1) fn main() { let x = missing(1); }');
  expect(problems.join()).toMatch(/given: unresolved call target 'missing'/);
});
