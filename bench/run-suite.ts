/**
 * Runs one suite on one backend, in Node or in a page. The development server bundles this file for `--browser`.
 */
import { type Ceilings, measureCeilings } from './ceilings/ceilings.ts';
import { type EngineRequest, instructionsOf, startEngine } from './start-engine.ts';
import type { BenchRecord, Context, Suite } from './suite.ts';
import { findSuite } from './suites/index.ts';

export interface SuiteRequest extends EngineRequest {
  readonly suite: string;
  readonly quick: boolean;
}

export interface SuiteReport {
  readonly records: readonly BenchRecord[];
  readonly ceilings: Ceilings;
  /** What the engine ran on, in its own words. */
  readonly device: string;
}

/** `emit` is called with every record as it arrives. */
export async function runSuite(request: SuiteRequest, emit: (record: BenchRecord) => void): Promise<SuiteReport> {
  const { suite: suiteName, quick, ...rest } = request;
  const { backend } = rest;
  const suite = findSuite(suiteName);
  if (suite.only !== undefined && suite.only !== backend) throw new Error(`${suite.name} is about ${suite.only} alone`);
  const engine = await startEngine(rest);
  try {
    const { info } = engine;
    const ceilings = await measureCeilings({ backend, threads: info.threads, ...instructionsOf(rest), quick });
    const records: BenchRecord[] = [];
    for await (const record of recordsOf(suite, { engine, backend, request: rest, ceilings, quick })) {
      records.push(record);
      emit(record);
    }
    return { records, ceilings, device: info.description };
  } finally {
    engine.dispose();
  }
}

/** Yields the records of `suite` as they arrive. */
export async function* recordsOf(suite: Suite, context: Context): AsyncIterable<BenchRecord> {
  const { info } = context.engine;
  for await (const { name, threads = info.threads, ...numbers } of suite.run(context)) {
    yield { suite: suite.name, name, backend: info.name, threads, ...numbers };
  }
}

declare global {
  interface Window {
    /** Put there by run.ts. */
    benchRecord?: (record: BenchRecord) => Promise<void>;
  }
}

/** Called by run.ts in the page. */
export async function runSuiteInPage(request: SuiteRequest): Promise<SuiteReport> {
  const sent: Promise<void>[] = [];
  const report = await runSuite(request, (record) => sent.push(window.benchRecord?.(record) ?? Promise.resolve()));
  await Promise.all(sent);
  return report;
}
