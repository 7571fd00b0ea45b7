/**
 * The script of each worker: instances of the kernels, over memory shared by threads or over its own memory. The worker
 * is started from the script's text, so the script must be self-contained: it imports types only.
 *
 * The first message starts the worker. From then on a thread is almost always inside wasm (`work` of
 * assembly/runtime/jobs.ts); each later message has a module, and is read when a job in the ring says so. A worker with
 * its own memory treats every message as a job.
 */
import type { workFailed, workNews } from '../../../generated/wasm/constants.ts';
import type { LoadedModule } from '../module.ts';

export interface WorkerStart {
  /** The modules loaded so far, the core first. */
  readonly modules: readonly LoadedModule[];
  /** Name of a Web Lock to hold until the worker ends. */
  readonly lock: string;
  /** Memory shared with other threads; without it the worker has its own memory. */
  readonly shared?: {
    readonly memory: WebAssembly.Memory;
    /** Addresses of the control block and of this thread's private memory. */
    readonly control: number;
    readonly workspace: number;
    readonly thread: number;
    readonly threads: number;
  };
}

/** Jobs of a worker with its own memory. The answer to `read` is the bytes, which may be none. */
export type RemoteJob =
  | LoadedModule
  | { readonly kind: 'grow'; readonly pages: number }
  | { readonly kind: 'clear' | 'read'; readonly address: number; readonly bytes: number }
  | { readonly kind: 'write'; readonly address: number; readonly bytes: Uint8Array }
  | { readonly kind: 'run'; readonly stream: number; readonly steps: number };

/**
 * `loaded`: the script runs. `news`: jobs are done, or a long one makes progress. `failed`: a thread timed out waiting
 * for the others.
 */
export interface WorkerMessage {
  readonly kind: 'loaded' | 'ready' | 'news' | 'failed' | 'error';
  /** The message of an error. */
  readonly text?: string;
  /** The result of a read. */
  readonly bytes?: ArrayBuffer;
}

interface Exports {
  readonly table: WebAssembly.Table;
  readonly memory: WebAssembly.Memory;
  readonly run: (address: number, steps: number) => void;
  readonly set_workspace: (address: number) => void;
  readonly set_control: (address: number) => void;
  readonly work: (thread: number, threads: number) => number;
}

interface Port {
  postMessage(message: WorkerMessage, transfer?: ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

/** Return values of `work`. The types tie them to `assembly/constants.ts`, which the script cannot import. */
const hasFailed: typeof workFailed = 0;
const hasNews: typeof workNews = 1;

/** Milliseconds between progress messages of a long run, and the target time of one chunk of it. */
const [progressInterval, chunkTime] = [500, 250];

const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
const nodeThreads = process?.getBuiltinModule?.('node:worker_threads') as { readonly parentPort?: Port } | undefined;
const parent = nodeThreads?.parentPort;
const port = parent ?? (globalThis as unknown as Port);

let shared: WorkerStart['shared'];
/** The memory and the exports of all modules: imports of the next module, and functions that this thread calls. */
let environment: (Exports & Record<string, WebAssembly.ExportValue>) | undefined;

port.onmessage = ({ data }) =>
  guard(() => {
    if (environment === undefined) return begin(data as WorkerStart);
    if (shared === undefined) return doJob(data as RemoteJob);
    instantiate(data as LoadedModule);
    work();
  });
port.postMessage({ kind: 'loaded' });

function guard(action: () => void): void {
  try {
    action();
  } catch (error) {
    port.postMessage({ kind: 'error', text: String(error) });
  }
}

function begin({ modules, lock, ...start }: WorkerStart): void {
  ({ shared } = start);
  const memory = shared?.memory ?? new WebAssembly.Memory({ initial: 16, maximum: 65536 });
  environment = { memory, now: () => performance.now() } as unknown as NonNullable<typeof environment>;
  modules.forEach(instantiate);
  if (shared) {
    environment.set_control(shared.control);
    environment.set_workspace(shared.workspace);
  }
  // Acquired before the worker sleeps, and released by the browser when it dies. Node reports a death itself.
  const locks = parent ? undefined : (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  const ready = (): void =>
    guard(() => {
      port.postMessage({ kind: 'ready' });
      if (shared) work();
    });
  if (!locks) return ready();
  locks
    .request(lock, () => {
      setTimeout(ready);
      return new Promise(() => undefined);
    })
    .catch(ready); // a page without storage, and a worker from a data: URL, have no locks
}

function doJob(job: RemoteJob): void {
  const { memory } = environment!;
  if ('module' in job) instantiate(job);
  else if (job.kind === 'grow') memory.grow(job.pages);
  else if (job.kind === 'run') runSteps(job.stream, job.steps);
  else if (job.kind === 'write') new Uint8Array(memory.buffer).set(job.bytes, job.address);
  else if (job.kind === 'clear') new Uint8Array(memory.buffer, job.address, job.bytes).fill(0);
  else {
    const bytes = memory.buffer.slice(job.address, job.address + job.bytes) as ArrayBuffer;
    port.postMessage({ kind: 'news', bytes }, [bytes]);
  }
}

/** Runs a program in chunks, so that the waiting thread sees progress. */
function runSteps(stream: number, steps: number): void {
  let [size, lastProgress] = [1, performance.now()];
  for (let left = steps; left > 0;) {
    size = Math.min(size, left);
    left -= size;
    const before = performance.now();
    environment!.run(stream, size);
    const now = performance.now();
    if (now - lastProgress > progressInterval) {
      port.postMessage({ kind: 'news' });
      lastProgress = now;
    }
    if (now - before < chunkTime) size *= 2;
  }
}

/** Instantiates a module for this thread, and stores its functions at the same table indices as in every thread. */
function instantiate({ module, entries, firstIndex }: LoadedModule): void {
  const instance = new WebAssembly.Instance(module, { env: environment! });
  Object.assign(environment!, instance.exports);
  const { table } = environment!;
  const missing = firstIndex + entries.length - table.length;
  if (missing > 0) table.grow(missing);
  entries.forEach((entry, index) => table.set(firstIndex + index, instance.exports[entry]));
}

/** Runs jobs until there is a message to read. */
function work(): void {
  for (;;) {
    const reason = environment!.work(shared!.thread, shared!.threads);
    if (reason === hasNews) port.postMessage({ kind: 'news' });
    else {
      if (reason === hasFailed) port.postMessage({ kind: 'failed' });
      return;
    }
  }
}
