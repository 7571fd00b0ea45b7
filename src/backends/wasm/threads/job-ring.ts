/**
 * The control block that the main thread shares with the workers: a ring of jobs, and counters.
 * `assembly/runtime/barrier.ts` and `assembly/runtime/jobs.ts` are the workers' side and document each word.
 */

/** Size of the control block in bytes. It must start on a cache line. */
export const controlBytes: number = 512 + 256 * 32;

const [generation, failed, timeout, spins] = [64, 192, 196, 200];
const [posted, done, messageRequested, progress, mode] = [256, 320, 324, 328, 332];
const [ring, ringJobs, jobBytes] = [512, 256, 32];
/** Maximum number of pending jobs. Slow threads are at most as many jobs behind thread 0, which advances `done`. */
const maxPending = ringJobs / 2;

/** The kinds of jobs. */
export const jobs = { together: 1, alone: 2, copy: 3, outside: 4 } as const;

export interface Job {
  readonly kind: (typeof jobs)[keyof typeof jobs];
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
    this.#words[spins / 4] = wait.spins;
    this.#words[timeout / 4] = wait.timeout;
  }

  get posted(): number {
    return this.#count;
  }

  /** Number of completed jobs. */
  get done(): number {
    this.#finished += (Atomics.load(this.#words, done / 4) - this.#finished) | 0;
    return this.#finished;
  }

  get hasRoom(): boolean {
    return this.#count - this.done < maxPending;
  }

  /** Whether thread 0 ran alone the last program that threads could have shared. */
  get isAlone(): boolean {
    return Atomics.load(this.#words, mode / 4) !== 0;
  }

  /** Changes as long as the workers make progress. */
  get progressMark(): string {
    return [generation, done, progress].map((offset) => Atomics.load(this.#words, offset / 4)).join();
  }

  /** Posts a job. The ring must have room. */
  post({ kind, words }: Job): void {
    const offset = (ring + (this.#count % ringJobs) * jobBytes) / 4;
    this.#words.set([kind, ...words], offset);
    this.#count++;
    Atomics.store(this.#words, posted / 4, this.#count | 0);
    Atomics.notify(this.#words, posted / 4);
  }

  /**
   * Requests a message when the next job is done. A job that is already done may not send one, so check `done`
   * afterwards.
   */
  requestMessage(): void {
    Atomics.store(this.#words, messageRequested / 4, 1);
  }

  /** Makes the workers stop at their next wait. */
  fail(): void {
    Atomics.store(this.#words, failed / 4, 1);
    for (const offset of [generation, posted]) Atomics.notify(this.#words, offset / 4);
  }
}
