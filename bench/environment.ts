/** The environment of a measurement, which gives the numbers their meaning. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Page } from 'puppeteer';

export interface Environment {
  readonly gradlet: string;
  /** ISO 8601. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  /** Null in a page that nobody drives. */
  readonly node: string | null;
  /** Null when everything ran in Node. */
  readonly browser: string | null;
  /** Of WebGPU, where there is one. */
  readonly adapter: string | null;
  /** Switches that change what the engine may use. */
  readonly flags: readonly string[];
}

export async function describeEnvironment(page: Page | null, flags: readonly string[]): Promise<Environment> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const processors = cpus();
  return {
    gradlet: version,
    date: new Date().toISOString(),
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.version,
    browser: page === null ? null : await page.browser().version(),
    adapter: page === null ? null : ((await page.evaluate(`(${describeAdapter})()`)) as string | null),
    flags: [...process.execArgv.filter((flag) => flag.startsWith('--experimental')), ...flags],
  };
}

/** Runs in the page. Passed as text, so that no bundler rewrites it. */
const describeAdapter = `async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return null;
  const { vendor, architecture, device, description } = adapter.info;
  return [vendor, architecture, device, description].filter((part) => part !== '').join(' ');
}`;
