/**
 * How a browser test calls code in a page: a module of test/browser/pages is bundled by the server, loaded in an empty
 * page, and one of its exported functions is called there with a JSON argument; its result comes back.
 *
 *     const page = browserModule<typeof import('./pages/webgpu.ts')>('test/browser/pages/webgpu.ts');
 *     expect(await page('double', [1, 2])).toEqual([2, 4]);
 *
 * Typed arrays come back as plain arrays; NaN and the infinities survive. An error in the page or on its console fails
 * the call.
 */
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { afterAll, inject } from 'vitest';

export interface PageOptions {
  /** Whether the page is cross-origin isolated (shared memory, threads). */
  readonly isolated?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Console errors that the test expects; a message that matches does not fail it. */
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

/** Everything that goes wrong in a page, as it happens. */
function watch(page: Page, expected: RegExp | undefined): string[] {
  const problems: string[] = [];
  const note = (text: string): void => {
    if (!expected?.test(text)) problems.push(text);
  };
  page.on('pageerror', (error) => note(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  page.on('error', (error) => note(`the page crashed: ${error.message}`));
  page.on('console', (message) => {
    // a WebGPU call with invalid arguments that nobody catches is only a warning to the browser
    const invalid =
      message.type() === 'warn' && /\[Invalid |while (calling|validating|encoding)|uncaptured/i.test(message.text());
    if (message.type() === 'error' || invalid) note(`console: ${message.text()}`);
  });
  return problems;
}

/** Runs in the page, as text, so that no test transform touches it. */
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

/** Opens an empty page of our server in a browser context of its own (storage of its own), and closes both after. */
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

/** The names of a module's functions, and how they are called from here. */
export type BrowserModule<M> = <K extends keyof M & string>(
  exportName: M[K] extends PageFunction ? K : never,
  argument?: M[K] extends PageFunction ? Parameters<M[K]>[0] : never,
  options?: PageOptions,
) => Promise<M[K] extends PageFunction ? Awaited<ReturnType<M[K]>> : never>;

/** `runInBrowser` for one module, with its types. */
export function browserModule<M>(file: string): BrowserModule<M> {
  return (exportName, argument, options) => runInBrowser(file, exportName, argument, options);
}

/** The same in a page that is open already, for what outlives a call: storage, a reload. */
export function callIn<M>(page: Page, file: string): BrowserModule<M> {
  return (exportName, argument, options = {}) => callInPage(page, file, exportName, argument, options, []);
}
