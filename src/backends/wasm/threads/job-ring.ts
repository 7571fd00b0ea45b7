/**
 * The control block that the main thread and the workers share: a ring of jobs, and counters that all of them look at.
 * `assembly/runtime/barrier.ts` and `assembly/runtime/jobs.ts` are its other side, and tell what each word means.
 */

/** Bytes of the block; it starts on a cache line. */
export const controlBytes: number = 512 + 256 * 32;

const [generation, failed, patience, spins] = [64, 192, 196, 200];
const [posted, done, wanted, progress, way] = [256, 320, 324, 328, 332];
const [ring, ringJobs, jobBytes] = [512, 256, 32];
/** Jobs that may wait at a time: a slow thread is at most as many behind thread 0, whose progress `done` is. */
const mostWaiting = ringJobs / 2;

/** What a job is, with its words. */
export const jobs = { together: 1, alone: 2, copy: 3, outside: 4 } as const;

export interface Job {
  readonly kind: (typeof jobs)[keyof typeof jobs];
  readonly words: readonly number[];
}

export interface Waiting {
  /** How often a thread looks for the others before it sleeps. */
  readonly spins: number;
  /** Seconds that it waits for them before all is given up. */
  readonly patience: number;
}

export class JobRing {
  readonly #words: Int32Array;
  /** Jobs that were posted. Counted here, for nobody else writes it; wraps around in memory only. */
  #count = 0;
  #finished = 0;

  constructor(memory: WebAssembly.Memory, address: number, waiting: Waiting) {
    this.#words = new Int32Array(memory.buffer, address, controlBytes / 4);
    this.#words[spins / 4] = waiting.spins;
    this.#words[patience / 4] = waiting.patience;
  }

  get posted(): number {
    return this.#count;
  }

  /** Jobs that are done. */
  get done(): number {
    this.#finished += (Atomics.load(this.#words, done / 4) - this.#finished) | 0;
    return this.#finished;
  }

  get hasRoom(): boolean {
    return this.#count - this.done < mostWaiting;
  }

  /** Whether thread 0 runs the program that it last shared, or could have shared, alone. */
  get isAlone(): boolean {
    return Atomics.load(this.#words, way / 4) !== 0;
  }

  /** Changes as long as the workers get on. */
  get signOfLife(): string {
    return [generation, done, progress].map((at) => Atomics.load(this.#words, at / 4)).join();
  }

  /** Gives the workers a job; there must be room. */
  post({ kind, words }: Job): void {
    const at = (ring + (this.#count % ringJobs) * jobBytes) / 4;
    this.#words.set([kind, ...words], at);
    this.#count++;
    Atomics.store(this.#words, posted / 4, this.#count | 0);
    Atomics.notify(this.#words, posted / 4);
  }

  /** Asks for a message when the next job is done. A job that is done by now may not send one: look again. */
  ask(): void {
    Atomics.store(this.#words, wanted / 4, 1);
  }

  /** Tells the workers to stop where they wait next. */
  fail(): void {
    Atomics.store(this.#words, failed / 4, 1);
    for (const at of [generation, posted]) Atomics.notify(this.#words, at / 4);
  }
}
