/**
 * What runs in each worker: an instance of the kernels, over memory that threads share or over memory of its own. The script
 * stands alone, for it is started from its text: it imports types only.
 *
 * The first message starts it. A thread is almost always inside wasm from then on (`work` of assembly/runtime/jobs.ts): every later
 * message brings a module, and is read when a job in the ring says so. With memory of its own every message is a job.
 */
import type { LoadedModule } from '../module.ts';

export interface WorkerStart {
  /** Those that are loaded so far, the core first. */
  readonly modules: readonly LoadedModule[];
  /** A Web Lock to hold as long as the worker lives. */
  readonly lock: string;
  /** What it shares with other threads; without it the worker has memory of its own. */
  readonly shared?: {
    readonly memory: WebAssembly.Memory;
    /** Addresses of the control block and of this thread's own memory. */
    readonly control: number;
    readonly workspace: number;
    readonly thread: number;
    readonly threads: number;
  };
}

/** What a worker with memory of its own does. `read` is answered by its bytes, also by none. */
export type RemoteJob =
  | LoadedModule
  | { readonly kind: 'grow'; readonly pages: number }
  | { readonly kind: 'clear' | 'read'; readonly address: number; readonly bytes: number }
  | { readonly kind: 'write'; readonly address: number; readonly bytes: Uint8Array }
  | { readonly kind: 'run'; readonly stream: number; readonly steps: number };

/**
 * `loaded`: the script runs. `news`: jobs are done, or a long one gets on. `failed`: the workers waited for each other in vain.
 */
export interface WorkerMessage {
  readonly kind: 'loaded' | 'ready' | 'news' | 'failed' | 'error';
  /** What an error says. */
  readonly text?: string;
  /** What was read. */
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

/** What `work` says when it comes back. */
const [hasFailed, hasNews] = [0, 1];

/** Milliseconds after which a long run says that it gets on, and in which a piece of it has to be done. */
const [signEvery, piece] = [500, 250];

const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
const nodeThreads = process?.getBuiltinModule?.('node:worker_threads') as { readonly parentPort?: Port } | undefined;
const parent = nodeThreads?.parentPort;
const port = parent ?? (globalThis as unknown as Port);

let shared: WorkerStart['shared'];
/** The memory, and the exports of all modules: what a module imports, and what this thread calls. */
let environment: (Exports & Record<string, WebAssembly.ExportValue>) | undefined;

port.onmessage = ({ data }) =>
  guard(() => {
    if (environment === undefined) return begin(data as WorkerStart);
    if (shared === undefined) return doJob(data as RemoteJob);
    enter(data as LoadedModule);
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
  modules.forEach(enter);
  if (shared) {
    environment.set_control(shared.control);
    environment.set_workspace(shared.workspace);
  }
  // Granted before the worker falls asleep, and given back by the browser when it dies. Node tells of a death itself.
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
    .catch(ready); // a page without storage, and a worker from a data: address, have no locks
}

function doJob(job: RemoteJob): void {
  const { memory } = environment!;
  if ('module' in job) enter(job);
  else if (job.kind === 'grow') memory.grow(job.pages);
  else if (job.kind === 'run') runSteps(job.stream, job.steps);
  else if (job.kind === 'write') new Uint8Array(memory.buffer).set(job.bytes, job.address);
  else if (job.kind === 'clear') new Uint8Array(memory.buffer, job.address, job.bytes).fill(0);
  else {
    const bytes = memory.buffer.slice(job.address, job.address + job.bytes) as ArrayBuffer;
    port.postMessage({ kind: 'news', bytes }, [bytes]);
  }
}

/** Runs a program in pieces, so that the waiting thread sees progress. */
function runSteps(stream: number, steps: number): void {
  let [size, sign] = [1, performance.now()];
  for (let left = steps; left > 0;) {
    size = Math.min(size, left);
    left -= size;
    const before = performance.now();
    environment!.run(stream, size);
    const now = performance.now();
    if (now - sign > signEvery) {
      port.postMessage({ kind: 'news' });
      sign = now;
    }
    if (now - before < piece) size *= 2;
  }
}

/** Makes this thread's instance, and gives its functions the places in the table that they have in every thread. */
function enter({ module, entries, firstIndex }: LoadedModule): void {
  const instance = new WebAssembly.Instance(module, { env: environment! });
  Object.assign(environment!, instance.exports);
  const { table } = environment!;
  const missing = firstIndex + entries.length - table.length;
  if (missing > 0) table.grow(missing);
  entries.forEach((entry, index) => table.set(firstIndex + index, instance.exports[entry]));
}

/** Works until there is a message to read. */
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
