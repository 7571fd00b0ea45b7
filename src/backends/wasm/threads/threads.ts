/**
 * The threads of a wasm backend: whether there can be any, the pool of workers, which starts when the first program is
 * prepared that gains from it, and the plans of programs. Between index.ts and pool.ts.
 */
import type { TypedArray } from '../../../core/dtype.ts';
import { messageOf } from '../../../core/errors.ts';
import { CallingThread } from '../calling-thread.ts';
import type { Heap } from '../memory.ts';
import type { Kernels } from '../module.ts';
import { threadsWasm } from '../../../generated/wasm/threads.ts';
import { planThreads, shareThreshold } from './plan.ts';
import { Pool } from './pool.ts';
import type { PlacedProgram } from '../processor.ts';
import { coreCount } from './spawn.ts';
import { readElements, writeElements } from '../transfer.ts';
import type { Elements } from '../transfer.ts';

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
  /** Seconds in which a worker has to start, by default 2: for tests. */
  readonly startPatience?: number;
}

/** Bytes before a plan in which thread 0 keeps what it learns of the program: `assembly/runtime/choice.ts`. */
export const recordBytes = 128;
const mostByItself = 8;

/** How many workers are wanted; 0 for the calling thread alone. */
export function workersWanted({ threads = 1, worker = false }: ThreadOptions): number {
  const isPage = typeof document !== 'undefined';
  const auto = (): number => Math.min(mostByItself, Math.max(1, coreCount() - (isPage ? 1 : 0)));
  const count = threads === 'auto' ? auto() : threads;
  return count === 1 && !worker ? 0 : count;
}

export class Threads extends CallingThread {
  /** Those that there are, or may still be. */
  #count: number;
  /** Why the threads that were wanted are not there. */
  #failure = '';
  /** The workers, once they have started. */
  pool: Pool | null = null;
  #starting: Promise<void> | null = null;
  /** Modules that the workers have. */
  #loaded = 0;
  readonly #options: ThreadOptions;

  constructor(count: number, kernels: Kernels, heap: Heap, options: ThreadOptions) {
    super(kernels, heap);
    this.#count = count;
    this.#options = options;
  }

  override get threads(): number {
    return this.#count;
  }

  /** Why not all threads work; empty when they do, or may still. */
  override get reason(): string {
    return this.pool?.isAlone ? 'one thread for now: it is faster, for another process has a core' : this.#failure;
  }

  override write(elements: Elements, values: TypedArray): void {
    writeElements(elements, values, this.heap, this.pool);
  }

  override read(elements: Elements, into?: TypedArray): Promise<TypedArray> {
    return readElements(elements, this.heap, this.pool, into);
  }

  override run(stream: number, plan: number | null, steps: number): void {
    if (this.pool === null) super.run(stream, plan, steps);
    else this.pool.run(stream, plan, steps);
  }

  override afterwards(action: () => void): void {
    if (this.pool === null) action();
    else this.pool.afterwards(action);
  }

  override async finished(): Promise<void> {
    await this.pool?.finished();
  }

  /** The plan begins with the record in which thread 0 keeps what it learns. Without workers the calling thread runs the program. */
  override async prepare(placed: PlacedProgram): Promise<number | null> {
    const { kernels, heap } = this;
    const threshold = this.#options.shareThreshold ?? shareThreshold;
    const plan = planThreads({
      ...placed,
      threads: this.#count,
      workOf: (...call) => kernels.workOf(...call),
      threshold,
    });
    const isShared = this.#count > 1 && plan.isWorthwhile;
    if (isShared || this.#options.worker === true) await this.#start();
    if (this.pool === null) return null;
    this.#load(this.pool);
    if (!isShared) return null;
    const address = heap.allocate(recordBytes + plan.marks.length, 'the plan of the threads');
    new Uint8Array(heap.memory.buffer, address + recordBytes).set(plan.marks);
    return address;
  }

  override dispose(): void {
    this.pool?.dispose();
  }

  #start(): Promise<void> {
    this.#starting ??= this.#startPool();
    return this.#starting;
  }

  async #startPool(): Promise<void> {
    const { kernels, heap } = this;
    const { workerUrl, patience, startPatience } = this.#options;
    try {
      await kernels.need(threadsWasm);
      const modules = [...kernels.modules];
      this.pool = await Pool.start(
        { threads: this.#count, workerUrl, patience, startPatience },
        kernels,
        heap,
        modules,
      );
      this.#loaded = modules.length;
    } catch (error) {
      this.#count = 1;
      this.#failure = `one thread, for the workers did not start: ${messageOf(error)}`;
    }
  }

  /** Gives the workers the modules that were loaded since. */
  #load(pool: Pool): void {
    const { modules } = this.kernels;
    for (; this.#loaded < modules.length; this.#loaded++) pool.load(modules[this.#loaded]!);
  }
}
