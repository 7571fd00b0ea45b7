/**
 * What runs in each worker: an instance of the kernels over the shared memory, and a loop that is almost always inside
 * wasm (`work` of assembly/jobs.ts). The script stands alone, for it is started from its text: it imports types only.
 *
 * The first message starts it. Every later one brings compiled chains, and is read when a job in the ring says so: the
 * worker sleeps in wasm else, and hears nothing.
 */
import type { ChainModule } from './chain-module.ts';

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Kernels in the order of the function table. */
  readonly entries: readonly string[];
  readonly chains: readonly ChainModule[];
  /** Addresses of the control block and of this thread's own memory. */
  readonly control: number;
  readonly workspace: number;
  readonly thread: number;
  readonly threads: number;
  /** A Web Lock to hold as long as the worker lives. */
  readonly lock: string;
}

/** `news`: jobs are done. `failed`: the workers waited for each other in vain. */
export interface WorkerMessage {
  readonly kind: 'ready' | 'news' | 'failed' | 'error';
  /** What an error says. */
  readonly text?: string;
}

interface Exports {
  readonly table: WebAssembly.Table;
  readonly set_workspace: (address: number) => void;
  readonly set_control: (address: number) => void;
  readonly work: (thread: number, threads: number) => number;
}

interface Port {
  postMessage(message: WorkerMessage): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

/** What `work` says when it comes back. */
const [hasFailed, hasNews] = [0, 1];

const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
const nodeThreads = process?.getBuiltinModule?.('node:worker_threads') as { readonly parentPort: Port } | undefined;
const port = nodeThreads?.parentPort ?? (globalThis as unknown as Port);

let start: WorkerStart;
let exports: Exports & WebAssembly.Exports;

port.onmessage = ({ data }) =>
  guard(() => {
    if (exports === undefined) return begin(data as WorkerStart);
    enter(data as ChainModule);
    work();
  });

function guard(action: () => void): void {
  try {
    action();
  } catch (error) {
    port.postMessage({ kind: 'error', text: String(error) });
  }
}

function begin(message: WorkerStart): void {
  start = message;
  const { module, memory, entries, chains, control, workspace, lock } = start;
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  exports = instance.exports as typeof exports;
  for (const entry of entries) exports.table.grow(1, instance.exports[entry]);
  for (const chain of chains) enter(chain);
  exports.set_control(control);
  exports.set_workspace(workspace);
  // Granted before the worker falls asleep, and given back by the browser when it dies. Node tells of a death itself.
  const locks = nodeThreads ? undefined : globalThis.navigator.locks;
  const ready = (): void =>
    guard(() => {
      port.postMessage({ kind: 'ready' });
      work();
    });
  if (!locks) return ready();
  locks
    .request(lock, () => {
      setTimeout(ready);
      return new Promise(() => undefined);
    })
    .catch(ready); // a page without storage has no locks
}

/** Gives compiled chains the places in the table that they have in every thread. */
function enter({ module, functions, firstIndex }: ChainModule): void {
  const { table } = exports;
  const instance = new WebAssembly.Instance(module, { kernels: { ...exports, memory: start.memory } });
  const missing = firstIndex + functions - table.length;
  if (missing > 0) table.grow(missing);
  for (let index = 0; index < functions; index++) table.set(firstIndex + index, instance.exports[index]);
}

/** Works until there is a message to read. */
function work(): void {
  for (;;) {
    const reason = exports.work(start.thread, start.threads);
    if (reason === hasNews) port.postMessage({ kind: 'news' });
    else {
      if (reason === hasFailed) port.postMessage({ kind: 'failed' });
      return;
    }
  }
}
