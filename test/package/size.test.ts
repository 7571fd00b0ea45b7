/** The download size of the package. `npm run size` prints the same numbers. */
import { expect, test } from 'vitest';
import { sizedPrograms } from '../../bench/size/programs.ts';
import { programSize } from '../../tools/lib/program-size.ts';

test.each(sizedPrograms)('a page that $what loads at most $budget kB', async ({ entry, budget }) => {
  const { all, javascript, wasm, wgsl } = await programSize(entry);
  expect(all, `JavaScript ${javascript}, WebAssembly ${wasm}, WGSL ${wgsl}`).toBeLessThanOrEqual(budget * 1000);
  expect(all, 'the budget has more than a twentieth to spare: lower it').toBeGreaterThan(budget * 950);
});

test('a part is measured where it is', async () => {
  const { all, javascript, wasm, wgsl, plain } = await programSize('bench/size/graph.ts');
  expect(javascript + wasm + wgsl).toBe(all);
  expect(Math.min(javascript, wasm, wgsl)).toBeGreaterThan(1000);
  expect(plain).toBeGreaterThan(all);
});
