/**
 * Helpers that open the benchmark page and read what it shows. Used by test/browser/bench-page.test.ts.
 */
import type { Page } from 'puppeteer';
import { inject } from 'vitest';
import { withPage } from './browser.ts';

export interface OpenOptions {
  /** Query string of the URL, including the question mark. */
  readonly query?: string;
  readonly width?: number;
  readonly withoutWebGpu?: true;
}

/** Opens the page and waits until it has detected the hardware. */
export function openBenchPage<T>(
  { query = '', width = 1280, withoutWebGpu }: OpenOptions,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  return withPage({}, async (page) => {
    await page.setViewport({ width, height: 800 });
    if (withoutWebGpu) {
      await page.evaluateOnNewDocument(`Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined })`);
    }
    await page.goto(`${inject('serverOrigin')}/bench/page/${query}`);
    await page.waitForSelector('#start:enabled');
    return use(page);
  });
}

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (found) => found.textContent);

export const isShown = (page: Page, selector: string): Promise<boolean> =>
  page.$eval(selector, (found) => found.checkVisibility());

export const notices = (page: Page): Promise<string[]> =>
  page.$$eval('.notice', (found) => found.map(({ textContent }) => textContent));

export async function finish(page: Page): Promise<void> {
  await page.waitForSelector('#running', { hidden: true, timeout: 60_000 });
}

/** The cells of each row, without group headers. */
export const rows = (page: Page): Promise<string[][]> =>
  page.$$eval('tbody tr:not(.group)', (found) =>
    found.map((row) => [...row.children].map(({ textContent }) => textContent)),
  );

/** Text elements whose contrast is below the minimum for small text (4.5): `tag: ratio`. */
export const poorContrasts = (page: Page): Promise<string[]> => page.evaluate(contrastScript) as Promise<string[]>;

/** Runs in the page; a string, so that no transform rewrites it. */
const contrastScript = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const color = getComputedStyle(place).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
  };
  const poor = [];
  for (const element of document.body.querySelectorAll('*')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    // disabled elements are exempt
    if (!hasText || !element.checkVisibility() || element.closest(':disabled, .hidden')) continue;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const [light, dark] = [luminance(color), luminance(background(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) poor.push(element.localName + ': ' + ratio.toFixed(2));
  }
  return poor;
})()`;
