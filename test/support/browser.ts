/**
 * Lets a browser test call code in a page: the server bundles a module of test/browser/pages, an empty page loads it and calls
 * one of its exported functions with a JSON argument, and the result is returned.
 *
 *     const page = browserModule<typeof import('./pages/webgpu.ts')>('test/browser/pages/webgpu.ts');
 *     expect(await page('double', [1, 2])).toEqual([2, 4]);
 *
 * Typed arrays are returned as plain arrays; NaN and infinities are preserved. An error in the page or on its console fails
 * the call.
 */
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { afterAll, inject } from 'vitest';

export interface PageOptions {
  /** Whether the page is cross-origin isolated (shared memory, threads). */
  readonly isolated?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Matches the console errors that the test expects: they do not fail it. */
  readonly expectedErrors?: RegExp;
}

let connection: Promise<Browser> | null = null;

/** The shared browser, for tests that need more than a function call, such as a crash of the GPU process. */
export function connectBrowser(): Promise<Browser> {
  connection ??= puppeteer.connect({
    browserWSEndpoint: inject('browserEndpoint'),
    protocolTimeout: 600_000,
    defaultViewport: null,
  });
  return connection;
}

afterAll(async () => {
  await (await connection)?.disconnect();
  connection = null;
});

/** Collects the errors of a page as they occur. */
function watch(page: Page, expected: RegExp | undefined): string[] {
  const problems: string[] = [];
  const note = (text: string): void => {
    if (!expected?.test(text)) problems.push(text);
  };
  page.on('pageerror', (error) => note(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  page.on('error', (error) => note(`the page crashed: ${error.message}`));
  page.on('console', (message) => {
    // the browser logs uncaptured WebGPU validation errors only as warnings
    const invalid =
      message.type() === 'warn' && /\[Invalid |while (calling|validating|encoding)|uncaptured/i.test(message.text());
    if (message.type() === 'error' || invalid) note(`console: ${message.text()}`);
  });
  return problems;
}

/** Runs in the page; a string, so that no test transform rewrites it. */
const callScript = `async (module, exportName, argument) => {
  const exported = (await import(module))[exportName];
  if (typeof exported !== 'function') throw new Error(module + ' exports no function ' + exportName);
  const result = await exported(argument === undefined ? undefined : JSON.parse(argument));
  const plain = (_, value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
    if (typeof value === 'bigint') return { $bigint: String(value) };
    return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value) : value;
  };
  return JSON.stringify(result, plain);
}`;

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$number' in value) return Number(value.$number);
  return '$bigint' in value ? BigInt(String(value.$bigint)) : value;
}

async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  what: string,
  problems: readonly string[],
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Error(`${what} did not finish within ${milliseconds} ms${problems.map((text) => `\n${text}`).join('')}`),
      );
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens an empty page of the test server in a new browser context with separate storage; closes both afterwards. */
export async function withPage<T>(
  options: PageOptions,
  use: (page: Page, problems: string[]) => Promise<T>,
): Promise<T> {
  const context = await (await connectBrowser()).createBrowserContext();
  try {
    const page = await context.newPage();
    const problems = watch(page, options.expectedErrors);
    await page.goto(`${inject('serverOrigin')}/blank${options.isolated === false ? '?isolated=no' : ''}`);
    const result = await use(page, problems);
    if (problems.length > 0) throw new Error(`errors in the page:\n${problems.join('\n')}`);
    return result;
  } finally {
    await context.close();
  }
}

/** Calls `exportName` of the module `file` (a path from the project's root) in a page. */
export function runInBrowser<R>(
  file: string,
  exportName: string,
  argument?: unknown,
  options: PageOptions = {},
): Promise<R> {
  return withPage(options, (page, problems) => callInPage(page, file, exportName, argument, options, problems));
}

async function callInPage<R>(
  page: Page,
  file: string,
  exportName: string,
  argument: unknown,
  options: PageOptions,
  problems: readonly string[],
): Promise<R> {
  const call = page.evaluate(
    `(${callScript})(${JSON.stringify(`/${file}`)}, ${JSON.stringify(exportName)}, ${JSON.stringify(JSON.stringify(argument))})`,
  ) as Promise<string | undefined>;
  const text = await within(call, options.timeout ?? 60_000, `${exportName} of ${file}`, problems);
  return (text === undefined ? undefined : JSON.parse(text, revive)) as R;
}

type PageFunction = (argument: never) => unknown;

/** The functions of a page module, as a test calls them. */
export type BrowserModule<M> = <K extends keyof M & string>(
  exportName: M[K] extends PageFunction ? K : never,
  argument?: M[K] extends PageFunction ? Parameters<M[K]>[0] : never,
  options?: PageOptions,
) => Promise<M[K] extends PageFunction ? Awaited<ReturnType<M[K]>> : never>;

/** A typed `runInBrowser` for one module. */
export function browserModule<M>(file: string): BrowserModule<M> {
  return (exportName, argument, options) => runInBrowser(file, exportName, argument, options);
}

/** The same in a page that is already open, for tests of storage or reloads. */
export function callIn<M>(page: Page, file: string): BrowserModule<M> {
  return (exportName, argument, options = {}) => callInPage(page, file, exportName, argument, options, []);
}
