/**
 * Tests of the WebGPU backend beyond the op cases: large shapes, many steps in one submit, odd sizes, failures.
 */
import type { Page } from 'puppeteer';
import { expect, it } from 'vitest';
import { browserModule, connectBrowser, withPage } from '../support/browser.ts';

const file = 'test/browser/pages/webgpu-backend.ts';
const page = browserModule<typeof import('./pages/webgpu-backend.ts')>(file);

it('multiplies matrices with every tile', async () => {
  const errors = await page('products', undefined, { timeout: 85_000 });
  expect(Object.entries(errors).filter(([, error]) => !(error < 2e-5))).toEqual([]);
});

it('reduces in one dispatch and in parts', async () => {
  const errors = await page('reductions', undefined, { timeout: 85_000 });
  expect(Object.entries(errors).filter(([, error]) => !(error < 5e-3))).toEqual([]);
});

it('folds a grid that is too long for one axis', async () => {
  expect(await page('manyElements', 65_536 * 128 + 5)).toEqual([]);
});

it('trains as the reference does, whatever the number of steps in a submit', async () => {
  const { reference, byOne, atOnce } = await page('training');
  expect(atOnce).toEqual(byOne); // bit for bit
  expect(reference.length).toBe(132);
  reference.forEach((value, index) => {
    expect(byOne[index]).toBeCloseTo(value, 4);
  });
  expect(reference[11]!).toBeLessThan(reference[0]!);
});

it('counts through several submits', async () => {
  expect(await page('count', 20_000)).toBe(20_000);
});

it('writes pieces of bytes at any place', async () => {
  expect(await page('oddBytes')).toEqual([]);
});

it('reads what was there when it was asked', async () => {
  expect(await page('readsBetweenRuns')).toEqual([0, 1, 3, 6, 10]);
});

it('says what went wrong', async () => {
  const [tooLarge, ...afterDispose] = await page('failures');
  expect(tooLarge).toMatch(
    /^BackendError: webgpu: 'images' needs 8589934588, max\w+ of this adapter is \d+; 8589934588 bytes/,
  );
  expect(afterDispose).toHaveLength(3);
  for (const message of afterDispose) expect(message).toMatch(/^BackendError: webgpu: the backend was disposed/);
});

it('shows where a shader does not compile', async () => {
  const [message, source, mark] = (await page('faultyShader')).split('\n');
  expect(message).toBe("BackendError: webgpu: faulty/increment does not compile: unresolved value 'missing'");
  expect(source!.slice(mark!.indexOf('^'))).toMatch(/^missing/);
});

it('tells that the device was lost, and starts anew', async () => {
  const call = (target: Page, name: string): Promise<unknown> =>
    target.evaluate(`import('/${file}').then((module) => module.${name}())`);
  await withPage({}, async (target) => {
    expect(await call(target, 'start')).toEqual([1, 2]);
    const session = await (await connectBrowser()).target().createCDPSession();
    await session.send('Browser.crashGpuProcess' as never);
    const { message, again } = (await call(target, 'afterLoss')) as { message: string; again: number[] };
    expect(message).toMatch(/^BackendError: webgpu: the device was lost \(unknown\)/);
    expect(again).toEqual([1, 2]);
  });
});
