/**
 * A worker with its own memory, for pages that are not cross-origin isolated. Values, programs and runs are messages,
 * which the worker processes in order. This side has only the heap's bookkeeping and the compiled modules; worker.ts is
 * the other side.
 */
import { bytesPerElement, copied, viewAs } from '../../../core/dtype.ts';
import type { TypedArray } from '../../../core/dtype.ts';
import { BackendError } from '../../../core/errors.ts';
import { heapBase } from '../../../generated/wasm/heap.ts';
import { Heap, pageBytes } from '../memory.ts';
import type { Kernels } from '../module.ts';
import { defaultPatience } from './pool.ts';
import type { EncodedProgram, Processor } from '../processor.ts';
import { startAll } from './spawn.ts';
import type { Thread } from './spawn.ts';
import type { ThreadOptions } from './threads.ts';
import type { Elements } from '../transfer.ts';
import type { RemoteJob, WorkerMessage } from './worker.ts';

/** The maximum size of a WebAssembly memory in bytes. */
const maxBytes = 2 ** 32;

interface Waiter {
  readonly resolve: (bytes: ArrayBuffer) => void;
  readonly reject: (error: BackendError) => void;
}

/** A heap whose memory belongs to the worker: growing and clearing are messages. */
class RemoteHeap extends Heap {
  readonly #post: (job: RemoteJob) => void;
  #bytes: number;

  constructor(kernels: Kernels, post: (job: RemoteJob) => void) {
    super(kernels.memory, heapBase);
    this.#post = post;
    this.#bytes = kernels.memory.buffer.byteLength;
  }

  protected override get byteLength(): number {
    return this.#bytes;
  }

  protected override extend(pages: number): void {
    const bytes = this.#bytes + pages * pageBytes;
    if (bytes > maxBytes) throw new RangeError(`${bytes} bytes are more than a memory may have`);
    this.#post({ kind: 'grow', pages });
    this.#bytes = bytes;
  }

  protected override clear(address: number, bytes: number): void {
    this.#post({ kind: 'clear', address, bytes });
  }
}

export class Remote implements Processor {
  readonly threads = 1;
  readonly reason: string;
  readonly heap: Heap;
  readonly #kernels: Kernels;
  readonly #patience: number;
  // `private`, not `#`: tests terminate it.
  private worker: Thread | undefined;
  /** Number of modules that the worker has. */
  #loaded = 0;
  /** Pending reads, in the order of the answers. */
  readonly #waiters: Waiter[] = [];
  #failure: BackendError | null = null;
  #watchdog: ReturnType<typeof setInterval> | undefined;
  /** Seconds since the worker's last message while a read is pending. */
  #silentSeconds = 0;

  /** Starts the worker. Resolves when it is ready; rejects with the reason when it does not start. */
  static async start(kernels: Kernels, options: ThreadOptions, reason: string): Promise<Remote> {
    const remote = new Remote(kernels, options, reason);
    try {
      await startAll({
        ...options,
        count: 1,
        startOf: () => ({ modules: [...kernels.modules] }),
        started: (worker) => (remote.worker = worker),
        message: (message) => remote.#receive(message),
        death: (_, why) => remote.#fail(why),
      });
    } catch (error) {
      remote.dispose();
      throw error;
    }
    remote.#loaded = kernels.modules.length;
    return remote;
  }

  private constructor(kernels: Kernels, { patience = defaultPatience }: ThreadOptions, reason: string) {
    this.#kernels = kernels;
    this.#patience = patience;
    this.reason = reason;
    this.heap = new RemoteHeap(kernels, (job) => this.#post(job));
  }

  writeUnused(elements: Elements, values: TypedArray): void {
    this.write(elements, values);
  }

  write({ address }: Elements, values: TypedArray): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.#post({ kind: 'write', address, bytes }, [bytes.buffer]);
  }

  async read({ dtype, address, count }: Elements, into?: TypedArray): Promise<TypedArray> {
    const values = viewAs(dtype, await this.#request(address, count * bytesPerElement[dtype]), 0, count);
    return into === undefined ? values : copied(values, into);
  }

  prepare(_program: EncodedProgram): Promise<number | null> {
    const { modules } = this.#kernels;
    for (; this.#loaded < modules.length; this.#loaded++) this.#post(modules[this.#loaded]!);
    return Promise.resolve(null);
  }

  run(stream: number, _plan: number | null, steps: number): void {
    this.#post({ kind: 'run', stream, steps });
  }

  whenDone(action: () => void): void {
    action(); // later writes to the memory are later messages
  }

  async finished(): Promise<void> {
    await this.#request(0, 0);
  }

  dispose(): void {
    this.#end(new BackendError('wasm: the engine was disposed while it was at work'));
  }

  #post(job: RemoteJob, transfer: ArrayBuffer[] = []): void {
    if (this.#failure !== null) throw this.#failure;
    this.worker!.post(job, transfer);
  }

  /** Reads bytes of the worker's memory, after all earlier messages. */
  #request(address: number, bytes: number): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      this.#post({ kind: 'read', address, bytes });
      this.#waiters.push({ resolve, reject });
      this.#watch(true);
    });
  }

  #receive({ kind, bytes, text }: WorkerMessage): void {
    this.#silentSeconds = 0;
    if (kind === 'error') this.#fail(text ?? 'it failed');
    if (bytes === undefined) return;
    this.#waiters.shift()?.resolve(bytes);
    if (this.#waiters.length === 0) this.#watch(false);
  }

  /**
   * Sets whether a read is pending. If so, the process must stay alive, and a watchdog detects a worker that does not
   * answer.
   */
  #watch(isWaiting: boolean): void {
    if (isWaiting === (this.#watchdog !== undefined)) return;
    this.worker?.hold(isWaiting);
    clearInterval(this.#watchdog);
    this.#watchdog = undefined;
    this.#silentSeconds = 0;
    if (!isWaiting) return;
    this.#watchdog = setInterval(() => {
      this.#silentSeconds += 1;
      if (this.#silentSeconds > this.#patience) this.#fail(`it did not answer for ${this.#silentSeconds} seconds`);
    }, 1000);
  }

  #fail(why: string): void {
    this.#end(new BackendError(`wasm: the worker failed: ${why}. The engine’s memory is lost: create another engine`));
  }

  #end(error: BackendError): void {
    if (this.#failure !== null) return;
    this.#watch(false);
    this.#failure = error;
    this.worker?.terminate();
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }
}
