/**
 * Measures the suites of one backend in a worker, so that the page stays responsive and cancelling can terminate the
 * worker. Receives one request from runner.ts and answers with events.
 */
import { measureCeilings } from '../ceilings/ceilings.ts';
import { recordsOf } from '../run-suite.ts';
import { type EngineRequest, startEngine } from '../start-engine.ts';
import { type Context, settingOf } from '../suite.ts';
import { findSuite } from '../suites/index.ts';
import { ceilings as ceilingsPart } from './plan.ts';
import type { RunEvent } from './state.ts';

export interface MeasureRequest {
  readonly engine: EngineRequest;
  readonly suites: readonly string[];
  readonly quick: boolean;
}

/** The last message is null. */
export type Answer = RunEvent | null;

interface Port {
  postMessage(answer: Answer): void;
  onmessage: ((event: MessageEvent<MeasureRequest>) => void) | null;
}

const port = globalThis as unknown as Port;

port.onmessage = ({ data: request }) => {
  const { backend } = request.engine;
  measure(request)
    .catch((error: unknown) => {
      port.postMessage({ kind: 'failure', backend, suite: null, message: messageOf(error) });
    })
    .finally(() => port.postMessage(null));
};

async function measure({ engine: request, suites, quick }: MeasureRequest): Promise<void> {
  const { backend } = request;
  port.postMessage({ kind: 'case', backend, suite: ceilingsPart, name: 'starting the engine' });
  const engine = await startEngine(request);
  try {
    const { description, threads, reason, isSoftware } = engine.info;
    port.postMessage({ kind: 'device', backend, device: { description, threads, reason, isSoftware } });
    port.postMessage({ kind: 'case', backend, suite: ceilingsPart, name: 'peak arithmetic and bandwidth' });
    const ceilings = await measureCeilings({ backend, threads, quick });
    port.postMessage({ kind: 'ceilings', backend, ceilings });
    for (const suite of suites) await measureSuite(suite, { engine, backend, request, ceilings, quick });
  } finally {
    engine.dispose();
  }
}

/** A suite that fails does not stop the others. */
async function measureSuite(name: string, context: Context): Promise<void> {
  const { backend } = context;
  const suite = findSuite(name);
  const ahead = [...(suite.cases?.(settingOf(context)) ?? [])];
  const announce = (): void => {
    const upcoming = ahead.shift();
    if (upcoming !== undefined) port.postMessage({ kind: 'case', backend, suite: name, name: upcoming });
  };
  try {
    announce();
    for await (const record of recordsOf(suite, context)) {
      port.postMessage({ kind: 'record', record });
      port.postMessage({ kind: 'step', backend, suite: name });
      announce();
    }
  } catch (error) {
    port.postMessage({ kind: 'failure', backend, suite: name, message: messageOf(error) });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
