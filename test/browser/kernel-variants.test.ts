/**
 * WebGPU kernels on guarded memory: all variants of an op, each forced in turn on the same odd sizes, and the cases of every op,
 * with guard words after each value.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { opNames } from '../support/run-cases.ts';

const page = browserModule<typeof import('./pages/kernel-variants.ts')>('test/browser/pages/kernel-variants.ts');

/** Add the names of new variants here. */
const reductions = ['sum', 'mean', 'max', 'min', 'sumOfSquares'];
const rows = [
  ...['softmax', 'logSoftmax', 'softmaxCrossEntropy', 'sparseSoftmaxCrossEntropy'],
  ...['layerNorm', 'layerNormGradient', 'layerNormSums'],
];
const variants: Record<string, string[]> = {
  matmul: [...['quads', 'plain', 'split-k', 'skinny'], ...['small-tile', 'huge-tile', 'large-tile', 'medium-tile']],
  argMax: ['rows', 'columns'],
  scatterAdd: ['search', 'linked'],
  recurrent: ['quads', 'plain'],
  recurrentGradient: ['quads', 'plain'],
  ...Object.fromEntries(reductions.map((op) => [op, ['subgroups', 'reduce']])),
  ...Object.fromEntries(rows.map((op) => [op, ['subgroups', 'rows']])),
};

it('no op has kernels that are not forced here', async () => {
  expect(await page('variants')).toEqual(variants);
});

const forced = Object.entries(variants).flatMap(([op, kernels]) =>
  kernels.flatMap((kernel) => ([0, 1] as const).map((half) => [op, kernel, half] as const)),
);

it.each(forced)('%s: %s, forced, half %i', async (op, kernel, half) => {
  const { errors, kernels, violations, watched } = await page('force', { op, kernel, half }, { timeout: 85_000 });
  expect(Object.entries(errors).filter(([, error]) => !(error < 2e-5))).toEqual([]);
  expect(kernels).toEqual([kernel]);
  expect(violations).toEqual([]);
  expect(watched).toBeGreaterThan(3);
});

it('finds what is written behind an output', async () => {
  expect(await page('writesTooFar', 8)).toEqual([]);
  expect(await page('writesTooFar', 9)).toEqual(["0 bytes behind 'arena 0'"]);
  expect(await page('writesTooFar', 12)).toEqual(["0 bytes behind 'arena 0'"]);
});

it.each([...reductions, ...rows])('%s: its cases by subgroups', async (op) => {
  expect(await page('guardedCases', { names: [op], kernel: 'subgroups' }, { timeout: 85_000 })).toEqual([]);
});

/** Ops per page. */
const together = 8;
const groups = Array.from({ length: Math.ceil(opNames.length / together) }, (_, index) =>
  opNames.slice(index * together, (index + 1) * together),
);

it.each(groups.map((ops) => [ops.join(' '), ops] as const))('untouched: %s', async (_, ops) => {
  expect(await page('guardedCases', { names: ops }, { timeout: 85_000 })).toEqual([]);
});
