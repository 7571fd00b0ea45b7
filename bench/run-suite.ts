/**
 * Runs one suite on one backend, in Node or in a page. The development server bundles this file for `--browser`.
 */
import { createEngine } from '../src/index.ts';
import { type Ceilings, measureCeilings } from './ceilings.ts';
import type { BackendName, BenchRecord } from './suite.ts';
import { findSuite } from './suites/index.ts';

export interface SuiteRequest {
  readonly suite: string;
  readonly backend: BackendName;
  /** The most threads to use; by default what the engine takes. */
  readonly threads?: number;
  readonly quick: boolean;
}

export interface SuiteReport {
  readonly records: readonly BenchRecord[];
  readonly ceilings: Ceilings;
  /** What the engine ran on, in its own words. */
  readonly device: string;
}

/** `emit` hears of every record as it comes. */
export async function runSuite(request: SuiteRequest, emit: (record: BenchRecord) => void): Promise<SuiteReport> {
  const { backend, quick, threads } = request;
  const suite = findSuite(request.suite);
  const engine = await createEngine({ backend, ...(threads !== undefined && { threads }) });
  try {
    const { info } = engine;
    const ceilings = await measureCeilings(backend, info.threads, quick);
    const records: BenchRecord[] = [];
    for await (const measured of suite.run({ engine, backend, ceilings, quick })) {
      const { name, ...numbers } = measured;
      const record = { suite: suite.name, name, backend: info.name, threads: info.threads, ...numbers };
      records.push(record);
      emit(record);
    }
    return { records, ceilings, device: info.description };
  } finally {
    engine.dispose();
  }
}

declare global {
  interface Window {
    /** Put there by run.ts. */
    benchRecord?: (record: BenchRecord) => Promise<void>;
  }
}

/** What run.ts calls in the page. */
export async function runSuiteInPage(request: SuiteRequest): Promise<SuiteReport> {
  const sent: Promise<void>[] = [];
  const report = await runSuite(request, (record) => sent.push(window.benchRecord?.(record) ?? Promise.resolve()));
  await Promise.all(sent);
  return report;
}
