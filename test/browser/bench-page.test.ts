/**
 * The benchmark page as users see it: it measures on both backends, can be cancelled, works with the keyboard, fits on a phone,
 * and saves files in the format of the command.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, SerializedAXNode } from 'puppeteer';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { BenchFile } from '../../bench/run.ts';
import { bundleStart } from '../../bench/start/bundle.ts';
import { finish, isShown, notices, openBenchPage, poorContrasts, rows, textOf } from '../support/bench-page.ts';

beforeAll(() => bundleStart());

const quick = '?backend=both&mode=quick&threads=1&suite=memory&suite=matmul&suite=elementwise&suite=step';

describe('a quick run on both backends', () => {
  it('fills the table and the picture, and can be taken away', async () => {
    await openBenchPage({ query: quick }, async (page) => {
      expect(await textOf(page, '#machine')).toMatch(/Adapter.*swiftshader.*GPU timestampsyes.*Largest buffer\d+ GiB/);
      expect(await notices(page)).toEqual([expect.stringMatching(/adapter is software \(google swiftshader\)/)]);
      await page.click('#start');
      expect(await textOf(page, '#status')).toMatch(/^(Starting|Measuring)/);
      const running = flat((await page.accessibility.snapshot())!);
      expect(running.find(({ role }) => role === 'progressbar')?.name).toMatch(/^(Starting|Measuring)/);
      await page.waitForSelector('tbody tr:not(.group)'); // the first rows appear long before the end
      expect(await isShown(page, '#exports')).toBe(false);
      const { value, max } = await page.$eval('#progress', (bar) => {
        const { value, max } = bar as HTMLProgressElement;
        return { value, max };
      });
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(max);
      await finish(page);
      expect(await textOf(page, '#status')).toBe('Finished: 28 results.');
      await checkTable(page);
      await checkPicture(page);
      await checkFiles(page);
      await checkMarkdown(page);
    });
  });
});

async function checkTable(page: Page): Promise<void> {
  const table = await rows(page);
  expect(table.map(([name, backend]) => `${name}, ${backend}`)).toEqual(
    expect.arrayContaining(['64 × 64, WebAssembly', '64 × 64, WebGPU', 'softmax, WebGPU', 'batch 128, WebAssembly']),
  );
  expect(table.flat().join()).not.toMatch(/NaN|Infinity|undefined/);
  const [product] = table.filter(([name, backend]) => name === '64 × 64' && backend === 'WebGPU');
  expect(product).toEqual([
    ...['64 × 64', 'WebGPU'],
    expect.stringMatching(/^[\d.]+ GFLOP\/s$/),
    expect.stringMatching(/^\d+ %$/),
    expect.stringMatching(/^[\d.]+$/),
    expect.stringMatching(/^[\d.]+ (ms|µs)$/),
    expect.stringMatching(/^[\d.]+–[\d.]+ (ms|µs)$/),
    expect.stringMatching(/^[\d.]+ (ms|µs)$/), // the GPU time
  ]);
}

/** Checks that the chart contains a dot for each case with known work, and a roof for each backend. */
async function checkPicture(page: Page): Promise<void> {
  expect(await page.$$eval('#roofline .dot', (found) => found.length)).toBe(2 * (1 + 8 + 2));
  expect(await page.$$eval('#roofline .roof:not(.cached)', (found) => found.length)).toBe(2);
  const labels = await page.$$eval('#roofline .roof-label', (found) => found.map(({ textContent }) => textContent));
  expect(labels).toEqual([
    expect.stringMatching(/^WebAssembly [\d.]+ GFLOP\/s$/),
    expect.stringMatching(/^[\d.]+ GB\/s$/),
    expect.stringMatching(/^WebGPU [\d.]+ GFLOP\/s$/),
    expect.stringMatching(/^[\d.]+ GB\/s$/),
  ]);
  expect(await textOf(page, '#picture-text')).toMatch(/WebGPU: roof .*; 22 cases, fastest: /);
  const outside = await page.$eval('#roofline svg', (picture) => {
    const frame = picture.getBoundingClientRect();
    return [...picture.querySelectorAll('.dot')].filter((dot) => {
      const { left, right, top, bottom } = dot.getBoundingClientRect();
      return !(left >= frame.left && right <= frame.right && top >= frame.top && bottom <= frame.bottom);
    }).length;
  });
  expect(outside).toBe(0);
}

async function checkFiles(page: Page): Promise<void> {
  const downloadPath = mkdtempSync(join(tmpdir(), 'gradlet-downloads-'));
  try {
    const session = await page.browser().target().createCDPSession();
    const browserContextId = page.browserContext().id!;
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', browserContextId, downloadPath });
    for (const backend of ['wasm', 'webgpu'] as const) {
      await page.click(`#json-${backend}`);
      // The file exists before its content is complete: wait for all of it.
      const file = await vi.waitFor(
        () => {
          const found = readdirSync(downloadPath).find((name) => RegExp(`^gradlet-${backend}-.*json$`).test(name));
          expect(found).toBeDefined();
          return JSON.parse(readFileSync(join(downloadPath, found!), 'utf8')) as BenchFile;
        },
        { timeout: 20_000 },
      );
      checkFile(file, backend);
    }
  } finally {
    rmSync(downloadPath, { recursive: true });
  }
}

function checkFile({ environment, records }: BenchFile, backend: string): void {
  expect(environment).toEqual({
    gradlet: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    cpu: 'unknown to a page',
    cores: expect.any(Number),
    node: null,
    browser: expect.stringMatching(/Chrome/),
    adapter: 'google swiftshader',
    flags: ['quick'],
    ceilings: {
      gflops: expect.any(Number),
      cachedBandwidth: expect.any(Number),
      memoryBandwidth: expect.any(Number),
      method: expect.stringContaining(backend === 'wasm' ? 'WebAssembly' : 'WebGPU'),
    },
    device: expect.stringContaining(backend === 'wasm' ? 'WebAssembly' : 'swiftshader'),
  });
  expect(records).toHaveLength(14);
  for (const { milliseconds, value, ...record } of records) {
    expect(record).toMatchObject({ backend, threads: 1, suite: expect.any(String), name: expect.any(String) });
    expect(value).toBeGreaterThan(0);
    expect(milliseconds.p10).toBeLessThanOrEqual(milliseconds.median);
    expect(milliseconds.median).toBeLessThanOrEqual(milliseconds.p90);
  }
  const timed = records.filter(({ milliseconds }) => milliseconds.gpu !== undefined).map(({ suite }) => suite);
  expect(timed.includes('matmul')).toBe(backend === 'webgpu');
}

async function checkMarkdown(page: Page): Promise<void> {
  const origin = inject('serverOrigin');
  await page.browserContext().overridePermissions(origin, ['clipboard-read', 'clipboard-sanitized-write']);
  await page.click('#copy');
  await page.waitForFunction(`document.getElementById('status').textContent === 'Copied as Markdown.'`);
  const text = (await page.evaluate('navigator.clipboard.readText()')) as string;
  const [head, wasm, wasmTable, webgpu, webgpuTable] = text.trim().split('\n\n');
  expect(head).toMatch(/^gradlet \d.*Chrome.*cores, \d{4}-\d\d-\d\d\. A quick run/);
  expect(wasm).toMatch(/^\*\*WebAssembly\*\*: WebAssembly .* Ceilings: [\d.]+ GFLOP\/s/);
  expect(webgpu).toMatch(/^\*\*WebGPU\*\*: google swiftshader, a software adapter\. Ceilings: /);
  for (const table of [wasmTable!, webgpuTable!]) {
    const lines = table.split('\n');
    expect(lines).toHaveLength(2 + 14);
    for (const line of lines) expect(line).toMatch(/^\|( [^|]+ \|){8}$/);
  }
}

describe('the page', () => {
  it('is used by keyboard alone, and cancels within a second', async () => {
    await openBenchPage({ query: '?backend=webgpu&mode=full&suite=matmul' }, async (page) => {
      const stops = await tabUntil(page, 'start');
      expect(stops).toEqual(['INPUT backend', 'INPUT suite', 'INPUT mode', 'SELECT threads', 'BUTTON ']);
      await page.keyboard.press('Space');
      await page.waitForFunction(`document.getElementById('current').textContent === '128 × 128'`, { timeout: 30_000 });
      expect(await page.evaluate('document.activeElement.id')).toBe('cancel');
      const pressed = performance.now();
      await page.keyboard.press('Enter');
      await page.waitForSelector('#running', { hidden: true });
      expect(performance.now() - pressed).toBeLessThan(1000);
      expect(await textOf(page, '#status')).toMatch(/^Cancelled after [23] of 5 steps\.$/);
      expect(await page.evaluate('document.activeElement.id')).toBe('start');
      const measured = await rows(page); // does not change, and no rows are added
      expect(measured[0]![0]).toBe('64 × 64');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(await rows(page)).toEqual(measured);
      expect(await isShown(page, '#json-webgpu')).toBe(true);
    });
  });

  it('starts again after a cancelled run, with nothing of it', async () => {
    const query = '?backend=wasm&mode=quick&suite=step&suite=start';
    await openBenchPage({ query }, async (page) => {
      await page.click('#start');
      await page.click('#cancel');
      expect(await textOf(page, '#status')).toMatch(/^Cancelled after \d of 7 steps\.$/);
      await page.click('#start');
      await finish(page);
      expect(await textOf(page, '#status')).toBe('Finished: 10 results.');
      const names = (await rows(page)).map(([name]) => name);
      expect(names).toEqual(expect.arrayContaining(['import to first step', 'first step, with its loss']));
      expect(names).toHaveLength(10);
    });
  });

  it('remembers its options in the address, and refuses to measure nothing', async () => {
    await openBenchPage({ query: '?backend=wasm&mode=quick&threads=2&suite=matmul' }, async (page) => {
      const chosen = await page.$$eval('input:checked', (found) => found.map(({ value }) => value));
      expect(chosen).toEqual(['wasm', 'matmul', 'quick']);
      expect(await page.$eval('#threads', (select) => (select as HTMLSelectElement).value)).toBe('2');
      await page.click('input[value="memory"]');
      expect(new URL(page.url()).search).toBe('?backend=wasm&suite=memory&suite=matmul&mode=quick&threads=2');
      await page.click('input[value="memory"]');
      await page.click('input[value="matmul"]');
      await page.click('#start');
      expect(await textOf(page, '#status')).toBe('Choose at least one suite.');
      expect(await isShown(page, '#running')).toBe(false);
    });
  });

  it('measures WebAssembly alone where there is no WebGPU, and says why', async () => {
    const query = '?backend=both&mode=quick&suite=matmul';
    await openBenchPage({ query, withoutWebGpu: true }, async (page) => {
      const [notice] = await notices(page);
      expect(notice).toMatch(/^No WebGPU here, so only WebAssembly is measured\. .*no navigator\.gpu/);
      expect(await page.$eval('input[value="webgpu"]', ({ disabled }: HTMLInputElement) => disabled)).toBe(true);
      await page.click('#start');
      await finish(page);
      expect((await rows(page)).map(([, backend]) => backend)).toEqual(['WebAssembly']);
      expect(await isShown(page, '#json-webgpu')).toBe(false);
    });
  });

  it('has names and roles for all of its parts, and fits a phone in both themes', async () => {
    const query = '?backend=wasm&mode=quick&suite=matmul&suite=memory';
    await openBenchPage({ query, width: 360 }, async (page) => {
      await page.click('#start');
      await finish(page);
      const parts = flat((await page.accessibility.snapshot({ interestingOnly: false }))!);
      for (const role of ['button', 'radio', 'checkbox', 'combobox', 'image', 'table', 'region', 'columnheader']) {
        const own = parts.filter((part) => part.role === role);
        expect(own.length, role).toBeGreaterThan(0);
        expect(own.filter(({ name }) => !name?.trim())).toEqual([]);
      }
      expect(parts.filter(({ role }) => role === 'status')).toHaveLength(1);
      expect(parts.filter(({ role }) => role === 'rowheader').map(({ name }) => name)).toEqual(
        expect.arrayContaining(['Memory bandwidth', 'copy of 64 KiB']),
      );
      const headings = await page.$$eval('h1, h2', (found) => found.map(({ localName }) => localName).join(' '));
      expect(headings).toBe('h1 h2 h2 h2 h2');
      await page.$eval('#limits', (details) => void details.setAttribute('open', ''));
      for (const value of ['light', 'dark']) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
        expect(await poorContrasts(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      }
      const style = await page.evaluate(`[...document.styleSheets[0].cssRules].map((rule) => rule.cssText).join(' ')`);
      expect(style).toContain('.columns');
      expect(style).not.toMatch(/transition|animation/); // no animations, whatever the user's settings
    });
  });
});

const flat = (node: SerializedAXNode): SerializedAXNode[] => [node, ...(node.children ?? []).flatMap(flat)];

/** Presses Tab until the element `id` has the focus. @returns the focused elements, all of which show their focus */
async function tabUntil(page: Page, id: string): Promise<string[]> {
  const stops: string[] = [];
  for (let press = 0; press < 20; press++) {
    await page.keyboard.press('Tab');
    const stop = (await page.evaluate(`(() => {
      const { nodeName, name, id } = document.activeElement;
      return { label: nodeName + ' ' + name, id, outline: getComputedStyle(document.activeElement).outlineStyle };
    })()`)) as { readonly label: string; readonly id: string; readonly outline: string };
    expect(stop.outline, stop.label).not.toBe('none');
    if (stop.label !== stops.at(-1)) stops.push(stop.label);
    if (stop.id === id) return stops;
  }
  throw new Error(`no way to '${id}' by ${stops.join(', ')}`);
}
