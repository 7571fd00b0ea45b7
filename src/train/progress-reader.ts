/** Reads an epoch's sums while it runs: a few times a second, without waiting for the answer. */
import type { Metric } from '../nn/metrics/metric.ts';
import type { StepProgram } from './program.ts';
import { readResults } from './results.ts';
import type { Logs, Results } from './sums.ts';

/** Milliseconds between two readings. */
const interval = 250;

export class ProgressReader {
  /** What the last answered reading told; empty before. */
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

  /** Starts a reading when it is time for one. Throws what an earlier one found: `NonFiniteError`, a lost device. */
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

  /** Reads now. Throws `NonFiniteError` when the watch found something. */
  read(): Promise<Results> {
    return readResults(this.#program, this.#metrics, { caller: 'fit', step: this.#stepsDone() });
  }

  /** Waits for a reading that is under way. */
  async settle(): Promise<void> {
    await this.#pending;
  }
}
