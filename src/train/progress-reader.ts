/** Reads the sums of a running epoch a few times per second, without waiting for the result. */
import type { Metric } from '../nn/metrics/metric.ts';
import type { StepProgram } from './program.ts';
import { readResults } from './results.ts';
import type { Logs, Results } from './sums.ts';

/** Milliseconds between two reads. */
const interval = 250;

export class ProgressReader {
  /** The most recent results. Empty before the first read completes. */
  latest: Logs = {};
  readonly #program: StepProgram;
  readonly #metrics: readonly Metric[];
  readonly #stepsDone: () => number;
  #startedAt: number = performance.now();
  #pending: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(program: StepProgram, metrics: readonly Metric[], stepsDone: () => number) {
    this.#program = program;
    this.#metrics = metrics;
    this.#stepsDone = stepsDone;
  }

  /** Starts a read if the interval has passed. Throws the error of an earlier read, such as `NonFiniteError` or a lost device. */
  poll(): void {
    if (this.#failure) throw this.#failure.error;
    if (this.#pending !== null || performance.now() - this.#startedAt < interval) return;
    this.#startedAt = performance.now();
    this.#pending = this.read().then(
      (logs) => {
        this.latest = logs;
        this.#pending = null;
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#pending = null;
      },
    );
  }

  /** Reads the current loss and metrics. Throws `NonFiniteError` if a value was not finite. */
  read(): Promise<Results> {
    return readResults(this.#program, this.#metrics, { caller: 'fit', step: this.#stepsDone() });
  }

  /** Waits for a pending read. */
  async settle(): Promise<void> {
    await this.#pending;
  }
}
