/**
 * `npm run bench -- start`: cold starts, each in a fresh browser context or Node process. Both use the same bundles,
 * minified as a page would load them.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'puppeteer';
import { callInPage } from '../../tools/examples/browser-page.ts';
import { launchBrowser } from '../../tools/browser.ts';
import { projectRoot } from '../../tools/lib/files.ts';
import { startServer } from '../../tools/serve.ts';
import { type CeilingOptions, type Ceilings, measureCeilings } from '../ceilings/ceilings.ts';
import { describeEnvironment, type Environment } from '../environment.ts';
import type { BenchFile } from '../run.ts';
import { type EngineRequest, instructionsOf } from '../start-engine.ts';
import type { BenchRecord } from '../suite.ts';
import { bundleStart } from './bundle.ts';
import { type ColdRequest, type ColdStart, startFolder } from './cold.ts';
import { recordsOf } from './records.ts';
import { repeat } from './repeat.ts';

export interface StartOptions {
  readonly engine: EngineRequest;
  readonly browser: boolean;
  readonly gpu: boolean;
  readonly quick: boolean;
  /** Switches of Node, for the processes. */
  readonly flags: readonly string[];
}

/** Results of `start` besides its records. */
interface Taken {
  readonly starts: readonly ColdStart[];
  readonly ceilings: Ceilings;
  readonly environment: Environment;
}

export async function coldStarts(options: StartOptions, emit: (record: BenchRecord) => void): Promise<BenchFile> {
  await bundleStart();
  const { starts, ceilings, environment } = await (options.browser ? inPages(options) : inProcesses(options));
  const records = recordsOf(options.engine, starts);
  records.forEach(emit);
  return { environment: { ...environment, ceilings, device: starts[0]!.device }, records };
}

const ceilingOptions = ({ engine, quick }: StartOptions): CeilingOptions => {
  return { backend: engine.backend, ...instructionsOf(engine), quick };
};

async function inPages(options: StartOptions): Promise<Taken> {
  const server = await startServer();
  const browser = await launchBrowser({ gpu: options.gpu });
  /** In a page with nothing in its caches. */
  const withPage = async <T>(use: (page: Page) => Promise<T>): Promise<T> => {
    const context = await browser.createBrowserContext();
    try {
      const page = await context.newPage();
      await page.goto(`${server.origin}/blank`);
      return await use(page);
    } finally {
      await context.close();
    }
  };
  try {
    const request: ColdRequest = { engine: options.engine, bundle: `/${startFolder}/first-step.mjs` };
    const start = (page: Page): Promise<ColdStart> => callInPage(page, `${startFolder}/cold.mjs`, 'coldStart', request);
    const starts = await repeat(options.quick, () => withPage(start));
    return await withPage(async (page) => ({
      starts,
      ceilings: await callInPage<Ceilings>(
        page,
        'bench/ceilings/ceilings.ts',
        'measureCeilings',
        ceilingOptions(options),
      ),
      environment: await describeEnvironment(page, options.gpu ? ['--gpu'] : []),
    }));
  } finally {
    await browser.close();
    await server.close();
  }
}

async function inProcesses(options: StartOptions): Promise<Taken> {
  const address = (file: string): string => pathToFileURL(join(projectRoot, startFolder, file)).href;
  const request: ColdRequest = { engine: options.engine, bundle: address('first-step.mjs') };
  const program = `const { coldStart } = await import(${JSON.stringify(address('cold.mjs'))});
    console.log(JSON.stringify(await coldStart(${JSON.stringify(request)})));
    process.exit();`;
  const start = async (): Promise<ColdStart> => {
    const words = [...options.flags, '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: projectRoot });
    return JSON.parse(stdout) as ColdStart;
  };
  return {
    starts: await repeat(options.quick, start),
    ceilings: await measureCeilings(ceilingOptions(options)),
    environment: await describeEnvironment(null, options.flags),
  };
}
