/**
 * The threads of a wasm backend: decides whether they are available, starts the pool of workers when the first program
 * that benefits is prepared, and plans programs.
 */
import type { TypedArray } from '../../../core/dtype.ts';
import { messageOf } from '../../../core/errors.ts';
import { recordBytes } from '../../../generated/wasm/constants.ts';
import { CallingThread } from '../calling-thread.ts';
import type { Heap } from '../memory.ts';
import type { Kernels } from '../module.ts';
import { threadsWasm } from '../../../generated/wasm/threads.ts';
import { planThreads, shareThreshold } from './plan.ts';
import { Pool } from './pool.ts';
import type { EncodedProgram } from '../processor.ts';
import { coreCount } from './spawn.ts';
import { readElements, writeElements } from '../transfer.ts';
import type { Elements } from '../transfer.ts';

export interface ThreadOptions {
  /**
   * Number of threads that run programs. 1, the default, is the calling thread; more are workers. 'auto' uses as many
   * as the machine has cores, in a page one fewer, at most 8.
   */
  readonly threads?: number | 'auto';
  /** Runs programs in a worker even with one thread, so that the calling thread stays free. */
  readonly worker?: boolean;
  /** URL of `gradlet-worker.js`, for pages whose security policy does not allow workers from blob: URLs. */
  readonly workerUrl?: string | URL;
  /** Nanoseconds of work from which threads share a kernel; 0 shares every kernel that can be shared. For tests. */
  readonly shareThreshold?: number;
  /** Seconds without progress after which the workers count as dead. */
  readonly patience?: number;
  /** Timeout in seconds for a worker to start, by default 2. For tests. */
  readonly startPatience?: number;
}

const maxAutoThreads = 8;

/** Number of workers to start; 0 for the calling thread alone. */
export function workerCount({ threads = 1, worker = false }: ThreadOptions): number {
  const isPage = typeof document !== 'undefined';
  const auto = (): number => Math.min(maxAutoThreads, Math.max(1, coreCount() - (isPage ? 1 : 0)));
  const count = threads === 'auto' ? auto() : threads;
  return count === 1 && !worker ? 0 : count;
}

export class Threads extends CallingThread {
  /** Number of threads that exist or can still start. */
  #count: number;
  /** Why the requested threads are missing. */
  #failure = '';
  /** The workers, after they have started. */
  pool: Pool | null = null;
  #starting: Promise<void> | null = null;
  /** Number of modules that the workers have. */
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

  /** Why not all threads work; empty when they do, or still can. */
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

  override whenDone(action: () => void): void {
    if (this.pool === null) action();
    else this.pool.whenDone(action);
  }

  override async finished(): Promise<void> {
    await this.pool?.finished();
  }

  /**
   * Plans the program and stores the plan behind a record for thread 0's time measurements. If no workers start, the
   * calling thread runs the program.
   */
  override async prepare(program: EncodedProgram): Promise<number | null> {
    const { kernels, heap } = this;
    const threshold = this.#options.shareThreshold ?? shareThreshold;
    const plan = planThreads({
      ...program,
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

  /** Sends the workers the modules loaded since. */
  #load(pool: Pool): void {
    const { modules } = this.kernels;
    for (; this.#loaded < modules.length; this.#loaded++) pool.load(modules[this.#loaded]!);
  }
}
