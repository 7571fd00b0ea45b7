/**
 * Runs the requested suites, one backend after another, each in its own worker, and forwards the workers' events.
 * Cancelling terminates the workers immediately.
 */
import { recordsOf } from '../start/records.ts';
import { repeat } from '../start/repeat.ts';
import { type ColdStart, startFolder } from '../start/cold.ts';
import type { EngineRequest } from '../start-engine.ts';
import { start } from '../suites/index.ts';
import type { ColdAnswer } from './cold-worker.ts';
import type { Options } from './plan.ts';
import type { RunEvent } from './state.ts';
import type { Answer, MeasureRequest } from './worker.ts';

type Emit = (event: RunEvent) => void;

export class Run {
  private readonly emit: Emit;
  private readonly workers = new Set<Worker>();
  private cancelled = false;

  constructor(emit: Emit) {
    this.emit = emit;
  }

  async start({ backends, suites, quick, threads }: Options): Promise<void> {
    for (const backend of backends) {
      const engine: EngineRequest = { backend, ...(backend === 'wasm' && { threads }) };
      const inWorker = suites.filter((suite) => suite !== start.name);
      await this.measure({ engine, suites: inWorker, quick });
      if (suites.includes(start.name)) await this.coldStarts(engine, quick);
    }
    if (!this.cancelled) this.emit({ kind: 'end', cancelled: false });
  }

  /** No event comes after the one that says so. */
  cancel(): void {
    this.cancelled = true;
    for (const worker of this.workers) worker.terminate();
    this.emit({ kind: 'end', cancelled: true });
  }

  private async measure(request: MeasureRequest): Promise<void> {
    const { backend } = request.engine;
    const talk = this.talk<Answer>('worker.ts', request, (answer) => {
      if (answer !== null) this.emit(answer);
      return answer === null;
    });
    await talk.catch((error: Error) => {
      this.emit({ kind: 'failure', backend, suite: null, message: error.message });
    });
  }

  private async coldStarts(engine: EngineRequest, quick: boolean): Promise<void> {
    const { backend } = engine;
    const suite = start.name;
    let round = 0;
    const announce = (): void => this.emit({ kind: 'case', backend, suite, name: `start ${++round}` });
    try {
      announce();
      const starts = await repeat(
        quick,
        () => this.coldStart(engine),
        () => {
          this.emit({ kind: 'step', backend, suite });
          announce();
        },
      );
      for (const record of recordsOf(engine, starts)) this.emit({ kind: 'record', record });
    } catch (error) {
      this.emit({ kind: 'failure', backend, suite, message: (error as Error).message });
    }
  }

  private async coldStart(engine: EngineRequest): Promise<ColdStart> {
    let answer!: ColdAnswer;
    const bundle = `/${startFolder}/first-step.mjs`;
    await this.talk<ColdAnswer>('cold-worker.ts', { engine, bundle }, (given) => {
      answer = given;
      return true;
    });
    if ('message' in answer) throw new Error(answer.message);
    return answer.start;
  }

  /** Posts `request` to a fresh worker and hears it until `hear` has had enough; never resolves once cancelled. */
  private async talk<A>(file: string, request: unknown, hear: (answer: A) => boolean): Promise<void> {
    if (this.cancelled) await new Promise(() => undefined);
    const worker = new Worker(`/bench/page/${file}`, { type: 'module' });
    this.workers.add(worker);
    try {
      await new Promise<void>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<A>) => {
          if (!this.cancelled && hear(data)) resolve();
        };
        worker.onerror = ({ message }) => {
          if (!this.cancelled) reject(new Error(message || `the worker ${file} did not start`));
        };
        worker.postMessage(request);
      });
    } finally {
      worker.terminate();
      this.workers.delete(worker);
    }
  }
}
