/**
 * The threads of a wasm backend: whether there can be any, the pool of workers, which starts when the first program is
 * prepared that gains from it, and the plans of programs. Between index.ts and pool.ts.
 */
import { ValueError } from '../../core/errors.ts';
import type { Heap } from './memory.ts';
import type { Kernels } from './module.ts';
import { threadsWasm } from '../../generated/wasm/threads.ts';
import { planThreads, shareThreshold } from './plan-threads.ts';
import type { PlanRequest } from './plan-threads.ts';
import { Pool } from './pool.ts';
import { coreCount, obstacle } from './spawn.ts';

export interface ThreadOptions {
  /**
   * Threads that run programs: 1, the default, is the calling thread; more are workers. 'auto' takes as many as the machine
   * has cores, in a page one less, at most 8.
   */
  readonly threads?: number | 'auto';
  /** Runs programs in a worker even with one thread, so that the calling thread stays free. */
  readonly worker?: boolean;
  /** The address of `gradlet-worker.js`, for pages whose security policy does not allow workers from blob: addresses. */
  readonly workerUrl?: string | URL;
  /** Nanoseconds of work from which a kernel is shared; 0 shares what can be: for tests. */
  readonly shareThreshold?: number;
  /** Seconds without a sign of life after which the workers are given up. */
  readonly patience?: number;
}

/** Bytes before a plan in which thread 0 keeps what it learns of the program: `assembly/choice.ts`. */
export const recordBytes = 128;
const most = 64;
const mostByItself = 8;

/** How many workers are wanted; 0 for the calling thread alone. */
export function workersWanted({ threads = 1, worker = false }: ThreadOptions): number {
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= most)) {
    throw new ValueError(`threads: ${threads} is not a number of threads: use 1 to ${most}, or 'auto'`);
  }
  const isPage = typeof document !== 'undefined';
  const auto = (): number => Math.min(mostByItself, Math.max(1, coreCount() - (isPage ? 1 : 0)));
  const count = threads === 'auto' ? auto() : threads;
  return count === 1 && !worker ? 0 : count;
}

export class Threads {
  /** Those that there are, or may still be. */
  count: number;
  /** Why the threads that were wanted are not there. */
  #obstacle = '';
  /** The workers, once they have started. */
  pool: Pool | null = null;
  #starting: Promise<void> | null = null;
  /** Modules that the workers have. */
  #loaded = 0;
  readonly #kernels: Kernels;
  readonly #heap: Heap;
  readonly #options: ThreadOptions;

  constructor(count: number, kernels: Kernels, heap: Heap, options: ThreadOptions) {
    this.count = count;
    this.#kernels = kernels;
    this.#heap = heap;
    this.#options = options;
  }

  /** Why not all threads work; empty when they do, or may still. */
  get reason(): string {
    return this.pool?.isAlone ? 'one thread for now: it is faster, for another process has a core' : this.#obstacle;
  }

  /**
   * Readies the workers for a program and gives the address of its record and plan in linear memory; null when one thread runs it
   * alone. Without workers it is the calling thread that does.
   */
  async prepare(program: Omit<PlanRequest, 'threads' | 'workOf' | 'threshold'>): Promise<number | null> {
    const kernels = this.#kernels;
    const heap = this.#heap;
    const threshold = this.#options.shareThreshold ?? shareThreshold;
    const plan = planThreads({
      ...program,
      threads: this.count,
      workOf: (...call) => kernels.workOf(...call),
      threshold,
    });
    const isShared = this.count > 1 && plan.isWorthwhile;
    if (isShared || this.#options.worker === true) await this.#start();
    if (this.pool === null) return null;
    this.#load(this.pool);
    if (!isShared) return null;
    const address = heap.allocate(recordBytes + plan.marks.length, 'the plan of the threads');
    new Uint8Array(heap.memory.buffer, address + recordBytes).set(plan.marks);
    return address;
  }

  dispose(): void {
    this.pool?.dispose();
  }

  #start(): Promise<void> {
    this.#starting ??= this.#startPool();
    return this.#starting;
  }

  async #startPool(): Promise<void> {
    const kernels = this.#kernels;
    const heap = this.#heap;
    const { workerUrl, patience } = this.#options;
    try {
      await kernels.need(threadsWasm);
      const modules = [...kernels.modules];
      this.pool = await Pool.start({ threads: this.count, workerUrl, patience }, kernels, heap, modules);
      this.#loaded = modules.length;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.count = 1;
      this.#obstacle = `one thread, for the workers did not start: ${error.message}`;
    }
  }

  /** Gives the workers the modules that were loaded since. */
  #load(pool: Pool): void {
    const { modules } = this.#kernels;
    for (; this.#loaded < modules.length; this.#loaded++) pool.load(modules[this.#loaded]!);
  }
}

/** Why there can be no workers, as `info.reason` tells it; empty when there can. */
export function threadObstacle(): string {
  const why = obstacle();
  return why === '' ? '' : `one thread: ${why}`;
}
