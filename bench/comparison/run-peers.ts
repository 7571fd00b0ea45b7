/**
 * `npm run bench -- peers`: compares gradlet with other libraries in one page of headless Chromium. The page is
 * cross-origin isolated, so that all may use threads. Each task is timed in turn, A B C A B C …, on the same data. The
 * loss is read back every tenth step, for every library that can skip the other nine. Cold starts come last, each in a
 * fresh page.
 */
import type { Browser, Page } from 'puppeteer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { callInPage } from '../../tools/examples/browser-page.ts';
import { launchBrowser } from '../../tools/browser.ts';
import { projectRoot } from '../../tools/lib/files.ts';
import { startServer } from '../../tools/serve.ts';
import type { Ceilings } from '../ceilings/ceilings.ts';
import { describeEnvironment } from '../environment.ts';
import { spread } from '../measure.ts';
import { type BackendName, type BenchRecord, duration } from '../suite.ts';
import { asError, within } from './alternate.ts';
import { wantedVersions } from './install.ts';
import { bundleLibraries, sources } from './libraries.ts';
import type { FirstLossRequest, Library, TaskReport, TaskRequest } from './page.ts';
import { type Failure, type PeersFile, recordName, type Size } from './report.ts';
import { networkSizes, subjectOf, type Task, tasksOf } from './tasks.ts';

export interface PeersOptions {
  readonly backend: BackendName;
  /** The most threads for gradlet. */
  readonly threads?: number;
  readonly quick: boolean;
  readonly gpu: boolean;
  /** Only the tasks whose name has this in it. */
  readonly only?: string;
}

/** Called with every record and failure as it arrives. */
export interface Listener {
  record(record: BenchRecord): void;
  failure(failure: Failure): void;
}

const pageModule = 'bench/comparison/page.ts';

/** The peers must be installed. */
export async function comparePeers(options: PeersOptions, listener: Listener): Promise<PeersFile> {
  const libraries = [
    await bundleLibraries(options.backend),
    await bundleLibraries(options.backend, 'recurrent'),
  ] as const;
  const server = await startServer();
  try {
    const browser = await launchBrowser({ gpu: options.gpu });
    try {
      return await new Comparison(options, listener, libraries, browser, `${server.origin}/blank`).run();
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

class Comparison {
  private readonly records: BenchRecord[] = [];
  private readonly failures: Failure[] = [];
  private readonly options: PeersOptions;
  private readonly listener: Listener;
  private libraries: readonly Library[];
  /** Those with an LSTM, in bundles of their own. */
  private readonly recurrent: readonly Library[];
  private readonly browser: Browser;
  private readonly address: string;
  /** The page that they all share; another one takes its place when it crashes. */
  private shared: Page | null = null;
  private turn = '';
  /** Libraries that took the page with them, and how. */
  private readonly crashed = new Map<string, string>();

  constructor(
    options: PeersOptions,
    listener: Listener,
    [libraries, recurrent]: readonly [readonly Library[], readonly Library[]],
    browser: Browser,
    address: string,
  ) {
    this.options = options;
    this.listener = listener;
    this.libraries = libraries;
    this.recurrent = recurrent;
    this.browser = browser;
    this.address = address;
  }

  async run(): Promise<PeersFile> {
    const { quick, gpu } = this.options;
    const ceilings = await this.call<Ceilings>('measureMachine', this.options);
    const tasks = tasksOf(quick).filter((task) => subjectOf(task).includes(this.options.only ?? ''));
    for (const task of tasks.filter(({ kind }) => kind !== 'lstm')) await this.measure(task);
    const device = await this.call<string>('deviceOf', { ...this.options, libraries: this.libraries.slice(0, 1) });
    const sizes = await this.measureSizes();
    const environment = {
      ...(await describeEnvironment(this.shared, gpu ? ['--gpu'] : [])),
      ceilings,
      device,
      versions: versionsOf(this.libraries),
    };
    await this.closeShared();
    await this.measureFirstLosses();
    this.libraries = this.recurrent;
    for (const task of tasks.filter(({ kind }) => kind === 'lstm')) await this.measure(task);
    await this.closeShared();
    return { environment, records: this.records, failures: this.failures, sizes };
  }

  private async measure(task: Task): Promise<void> {
    const request: Omit<TaskRequest, 'libraries'> = { ...this.options, task };
    const alive = this.libraries.filter(({ name }) => !this.crashed.has(name));
    try {
      const report = await this.call<TaskReport>('measureTask', { ...request, libraries: alive });
      report.records.forEach((record) => this.record(record));
      report.failures.forEach((failure) => this.fail(failure));
      for (const [name, message] of this.crashed) this.fail({ name: this.nameOf(subjectOf(task), name), message });
    } catch (error) {
      if (this.turn === '' || this.crashed.has(this.turn)) throw error;
      this.crashed.set(this.turn, asError(error).message);
      await this.measure(task);
    }
  }

  /** Calls into the shared page; a crash rejects, and the next call opens another. */
  private async call<R>(name: string, argument: object): Promise<R> {
    const page = (this.shared ??= await this.openShared());
    let onCrash: () => void;
    const crash = new Promise<never>((_, reject) => {
      onCrash = () => {
        this.shared = null;
        reject(new Error('the page crashed'));
      };
      page.once('error', onCrash);
    });
    try {
      return await Promise.race([callInPage<R>(page, pageModule, name, argument), crash]);
    } finally {
      page.off('error', onCrash!);
    }
  }

  private async openShared(): Promise<Page> {
    const page = await this.browser.newPage();
    await page.exposeFunction('comparisonTurn', (name: string) => void (this.turn = name));
    await page.goto(this.address);
    return page;
  }

  private async closeShared(): Promise<void> {
    await this.shared?.close();
    this.shared = null;
  }

  private async measureSizes(): Promise<Size[]> {
    const loaded = await this.call<Record<string, string[]>>('loadedFiles', {});
    return Promise.all(Object.entries(loaded).map(([library, addresses]) => this.sizeOf(library, addresses)));
  }

  private async sizeOf(library: string, addresses: readonly string[]): Promise<Size> {
    const origin = new URL(this.address).origin;
    const paths = addresses.filter((address) => address.startsWith(origin)).map((address) => new URL(address).pathname);
    const files = await Promise.all([...new Set(paths)].map((path) => readFile(join(projectRoot, path))));
    const total = (measure: (file: Uint8Array) => number): number =>
      files.reduce((sum, file) => sum + measure(file), 0);
    return {
      name: this.nameOf('size', library),
      bytes: total(({ length }) => length),
      gzip: total((file) => gzipSync(file, { level: 9 }).length),
    };
  }

  private async measureFirstLosses(): Promise<void> {
    const batch = 32;
    const subject = `first loss ${networkSizes.join('-')} batch ${batch}`;
    const trained = this.libraries.filter(({ name }) => this.records.some((record) => isStepOf(record, name)));
    const taken = new Map<string, number[] | Error>(trained.map(({ name }) => [name, []]));
    for (let round = 0; round < (this.options.quick ? 1 : 5); round++) {
      for (const library of trained) {
        const times = taken.get(library.name)!;
        if (times instanceof Error) continue;
        try {
          times.push(await this.firstLoss({ ...this.options, library, batch }));
        } catch (error) {
          taken.set(library.name, asError(error));
        }
      }
    }
    for (const [library, times] of taken) {
      const name = this.nameOf(subject, library);
      if (times instanceof Error) {
        this.fail({ name, message: times.message });
        continue;
      }
      const { backend, threads } = this.records.find((record) => isStepOf(record, library))!;
      const milliseconds = spread(times);
      const measured = duration(name, milliseconds, 'ms', milliseconds.median, null);
      this.record({ suite: 'peers', ...measured, backend, threads });
    }
  }

  /** In a page with nothing in its caches. */
  private async firstLoss(request: FirstLossRequest): Promise<number> {
    const context = await this.browser.createBrowserContext();
    try {
      const page = await context.newPage();
      await page.goto(this.address);
      return await within(180_000, callInPage<number>(page, pageModule, 'firstLoss', request));
    } finally {
      await context.close();
    }
  }

  private nameOf(subject: string, library: string): string {
    return recordName({ subject, library, backend: this.options.backend });
  }

  private record(record: BenchRecord): void {
    this.records.push(record);
    this.listener.record(record);
  }

  private fail(failure: Failure): void {
    this.failures.push(failure);
    this.listener.failure(failure);
  }
}

const isStepOf = ({ name }: BenchRecord, library: string): boolean =>
  name.startsWith('step ') && name.includes(`, ${library} `);

function versionsOf(libraries: readonly Library[]): Record<string, string> {
  const versions = wantedVersions();
  const peers = sources.filter(({ name }) => libraries.some((library) => library.name === name));
  return Object.fromEntries(peers.flatMap(({ name, package: id }) => (id === null ? [] : [[name, versions[id]!]])));
}
