/** What the package costs a page. `npm run size` prints the same numbers. */
import { expect, test } from 'vitest';
import { programSize } from '../../tools/lib/program-size.ts';

const most = 48_000;

test('a network trained with the graph, with both backends, costs at most 48 kB', async () => {
  const { all, javascript, wasm, wgsl } = await programSize('bench/size/graph.ts');
  expect(all, `JavaScript ${javascript}, WebAssembly ${wasm}, WGSL ${wgsl}`).toBeLessThanOrEqual(most);
});

test('a part is measured where it is', async () => {
  const { all, javascript, wasm, wgsl, plain } = await programSize('bench/size/graph.ts');
  expect(javascript + wasm + wgsl).toBe(all);
  expect(Math.min(javascript, wasm, wgsl)).toBeGreaterThan(1000);
  expect(plain).toBeGreaterThan(all);
});
