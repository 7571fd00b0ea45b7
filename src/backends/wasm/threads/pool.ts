/**
 * The workers of a wasm backend, as seen by the thread that owns them. Jobs go into a ring in shared memory and wake
 * the workers without a message; waiting for a job returns a promise.
 */
import { BackendError } from '../../../core/errors.ts';
import { controlBytes, jobAlone, jobCopy, jobOutside, jobTogether } from '../../../generated/wasm/constants.ts';
import { JobRing } from './job-ring.ts';
import type { Job } from './job-ring.ts';
import type { Heap } from '../memory.ts';
import type { Kernels, LoadedModule } from '../module.ts';
import { coreCount, startAll } from './spawn.ts';
import type { StartRequest, Thread } from './spawn.ts';

export interface PoolOptions extends Pick<StartRequest, 'workerUrl' | 'startPatience'> {
  readonly threads: number;
  /** Seconds without progress after which the workers count as dead. */
  readonly patience?: number | undefined;
}

/** Polls before a thread sleeps: some tens of microseconds, about the time it takes to wake it. */
const spins = 20_000;
export const defaultPatience = 60;

interface Waiter {
  /** The number of jobs that must be done. */
  readonly job: number;
  readonly resolve: () => void;
  readonly reject: (error: BackendError) => void;
}

export class Pool {
  readonly threads: number;
  readonly #ring: JobRing;
  readonly #patience: number;
  // `private`, not `#`: tests terminate one.
  private workers: Thread[] = [];
  /** Jobs that do not fit into the ring yet. */
  readonly #overflow: Job[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #cleanups: { readonly job: number; readonly action: () => void }[] = [];
  #failure: BackendError | null = null;
  #watchdog: ReturnType<typeof setInterval> | undefined;

  /** Starts the workers. Resolves when all are ready; rejects with the reason when one does not start. */
  static async start(
    options: PoolOptions,
    kernels: Kernels,
    heap: Heap,
    modules: readonly LoadedModule[],
  ): Promise<Pool> {
    const { threads } = options;
    const { memory, threadBytes } = kernels;
    const control = heap.allocate(controlBytes + threads * threadBytes, 'the memory of the threads');
    const pool = new Pool(options, memory, control);
    const workspace = (thread: number): number => control + controlBytes + thread * threadBytes;
    try {
      await startAll({
        ...options,
        count: threads,
        startOf: (thread) => ({ modules, shared: { memory, control, thread, threads, workspace: workspace(thread) } }),
        started: (worker) => pool.workers.push(worker),
        message: ({ kind }) => {
          if (kind === 'news') pool.#settle();
          else pool.#fail('a thread waited in vain for the others');
        },
        death: (thread, why) => pool.#fail(`thread ${thread} of ${threads}: ${why}`),
      });
    } catch (error) {
      pool.dispose();
      heap.release(control);
      throw error;
    }
    return pool;
  }

  private constructor(
    { threads, patience = defaultPatience }: PoolOptions,
    memory: WebAssembly.Memory,
    control: number,
  ) {
    this.threads = threads;
    this.#patience = patience;
    // With more threads than cores, polling takes time from other threads.
    this.#ring = new JobRing(memory, control, { spins: threads <= coreCount() ? spins : 0, timeout: patience });
  }

  /** Whether all queued work is done, so that only this thread uses the memory. */
  get isIdle(): boolean {
    if (this.#failure !== null) throw this.#failure;
    this.#settle();
    return this.#posted === this.#ring.done;
  }

  /** Whether thread 0 ran alone the last program that threads could have shared. */
  get isAlone(): boolean {
    return this.#ring.isAlone;
  }

  /**
   * Queues runs of a program. With a plan all threads run it, or thread 0 where that is faster; without one thread 0
   * runs it.
   */
  run(program: number, plan: number | null, steps: number): void {
    if (steps <= 0) return;
    if (plan === null) this.#post({ kind: jobAlone, words: [program, steps] });
    else this.#post({ kind: jobTogether, words: [program, plan, steps, 0] });
  }

  /** Copies `bytes` bytes after all work queued so far. */
  copy(to: number, from: number, bytes: number): void {
    this.#post({ kind: jobCopy, words: [to, from, bytes] });
  }

  /** Sends a module to every worker. */
  load(module: LoadedModule): void {
    this.#post({ kind: jobOutside, words: [] });
    for (const worker of this.workers) worker.post(module);
  }

  /** Calls `action` some time after all work queued so far is done. */
  whenDone(action: () => void): void {
    if (this.#failure !== null) return action();
    this.#cleanups.push({ job: this.#posted, action });
    this.#settle();
  }

  /** Resolves when all work queued so far is done. */
  finished(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ job: this.#posted, resolve, reject });
      this.#watch(true);
      this.#settle();
    });
  }

  dispose(): void {
    this.#end(new BackendError('wasm: the engine was disposed while it was at work'));
  }

  /** Number of queued jobs, including those that wait for room in the ring. */
  get #posted(): number {
    return this.#ring.posted + this.#overflow.length;
  }

  #post(job: Job): void {
    if (this.#failure !== null) throw this.#failure;
    this.#settle();
    if (this.#overflow.length === 0 && this.#ring.hasRoom) this.#ring.post(job);
    else {
      this.#overflow.push(job);
      this.#ring.requestMessage();
    }
  }

  /** Processes completed jobs: refills the ring, runs cleanups and resolves promises. */
  #settle(): void {
    if (this.#failure !== null) return;
    for (;;) {
      while (this.#overflow.length > 0 && this.#ring.hasRoom) this.#ring.post(this.#overflow.shift()!);
      const { done } = this.#ring;
      while (this.#cleanups.length > 0 && this.#cleanups[0]!.job <= done) this.#cleanups.shift()!.action();
      while (this.#waiters.length > 0 && this.#waiters[0]!.job <= done) this.#waiters.shift()!.resolve();
      if (this.#waiters.length + this.#overflow.length === 0) break;
      this.#ring.requestMessage();
      if (this.#ring.done === done) return; // jobs that complete from now on send a message
    }
    this.#watch(false);
  }

  /**
   * Sets whether anyone awaits the workers. If so, the process must stay alive, and a watchdog detects lack of
   * progress.
   */
  #watch(isWaiting: boolean): void {
    if (isWaiting === (this.#watchdog !== undefined)) return;
    for (const worker of this.workers) worker.hold(isWaiting);
    clearInterval(this.#watchdog);
    this.#watchdog = undefined;
    if (!isWaiting) return;
    let [mark, silent] = [this.#ring.progressMark, 0];
    this.#watchdog = setInterval(() => {
      silent = this.#ring.progressMark === mark ? silent + 1 : 0;
      mark = this.#ring.progressMark;
      if (silent > this.#patience) this.#fail(`no thread got on for ${silent} seconds`);
    }, 1000);
  }

  #fail(why: string): void {
    this.#end(
      new BackendError(`wasm: the worker threads failed: ${why}. The engine’s memory is lost: create another engine`),
    );
  }

  #end(error: BackendError): void {
    if (this.#failure !== null) return;
    this.#watch(false);
    this.#failure = error;
    this.#ring.fail();
    for (const worker of this.workers) worker.terminate();
    this.workers = [];
    this.#cleanups.length = 0;
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }
}
