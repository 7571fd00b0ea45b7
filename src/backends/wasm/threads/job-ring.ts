/**
 * The control block that the main thread shares with the workers: a ring of jobs, and counters.
 * `assembly/runtime/barrier.ts` and `assembly/runtime/jobs.ts` are the workers' side. `assembly/constants.ts` documents each word.
 */
import {
  controlBytes,
  controlDone,
  controlFailed,
  controlGeneration,
  controlPatience,
  controlPosted,
  controlProgress,
  controlRing,
  controlSpins,
  controlWanted,
  controlWay,
  jobBytes,
  ringJobs,
  ringRoom,
} from '../../../generated/wasm/constants.ts';
import type { jobAlone, jobCopy, jobOutside, jobTogether } from '../../../generated/wasm/constants.ts';

/** The kinds of jobs and their words are documented in `assembly/constants.ts`. */
export interface Job {
  readonly kind: typeof jobTogether | typeof jobAlone | typeof jobCopy | typeof jobOutside;
  readonly words: readonly number[];
}

export interface WaitOptions {
  /** How often a thread polls before it sleeps. */
  readonly spins: number;
  /** Timeout in seconds for the other threads, after which the pool fails. */
  readonly timeout: number;
}

export class JobRing {
  readonly #words: Int32Array;
  /** Number of posted jobs. Counted here, because only this thread writes it. Only its copy in memory wraps around. */
  #count = 0;
  #finished = 0;

  constructor(memory: WebAssembly.Memory, address: number, wait: WaitOptions) {
    this.#words = new Int32Array(memory.buffer, address, controlBytes / 4);
    this.#words[controlSpins / 4] = wait.spins;
    this.#words[controlPatience / 4] = wait.timeout;
  }

  get posted(): number {
    return this.#count;
  }

  /** Number of completed jobs. */
  get done(): number {
    this.#finished += (Atomics.load(this.#words, controlDone / 4) - this.#finished) | 0;
    return this.#finished;
  }

  get hasRoom(): boolean {
    return this.#count - this.done < ringRoom;
  }

  /** Whether thread 0 ran alone the last program that threads could have shared. */
  get isAlone(): boolean {
    return Atomics.load(this.#words, controlWay / 4) !== 0;
  }

  /** Changes as long as the workers make progress. */
  get progressMark(): string {
    return [controlGeneration, controlDone, controlProgress]
      .map((offset) => Atomics.load(this.#words, offset / 4))
      .join();
  }

  /** Posts a job. The ring must have room. */
  post({ kind, words }: Job): void {
    const offset = (controlRing + (this.#count % ringJobs) * jobBytes) / 4;
    this.#words.set([kind, ...words], offset);
    this.#count++;
    Atomics.store(this.#words, controlPosted / 4, this.#count | 0);
    Atomics.notify(this.#words, controlPosted / 4);
  }

  /**
   * Requests a message when the next job is done. A job that is already done may not send one, so check `done`
   * afterwards.
   */
  requestMessage(): void {
    Atomics.store(this.#words, controlWanted / 4, 1);
  }

  /** Makes the workers stop at their next wait. */
  fail(): void {
    Atomics.store(this.#words, controlFailed / 4, 1);
    for (const offset of [controlGeneration, controlPosted]) Atomics.notify(this.#words, offset / 4);
  }
}
