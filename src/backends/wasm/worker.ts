/**
 * What runs in each worker: an instance of the kernels over the shared memory, and a loop that is almost always inside
 * wasm (`work` of assembly/jobs.ts). The script stands alone, for it is started from its text: it imports types only.
 *
 * The first message starts it. Every later one brings a module, and is read when a job in the ring says so: the worker sleeps
 * in wasm else, and hears nothing.
 */
import type { LoadedModule } from './module.ts';

export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
  /** Those that are loaded so far, the core first. */
  readonly modules: readonly LoadedModule[];
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
/** The memory, and the exports of all modules: what a module imports, and what this thread calls. */
let environment: (Exports & Record<string, WebAssembly.ExportValue>) | undefined;

port.onmessage = ({ data }) =>
  guard(() => {
    if (environment === undefined) return begin(data as WorkerStart);
    enter(data as LoadedModule);
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
  const { memory, modules, control, workspace, lock } = start;
  environment = { memory, now: () => performance.now() } as unknown as NonNullable<typeof environment>;
  modules.forEach(enter);
  environment.set_control(control);
  environment.set_workspace(workspace);
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
    const reason = environment!.work(start.thread, start.threads);
    if (reason === hasNews) port.postMessage({ kind: 'news' });
    else {
      if (reason === hasFailed) port.postMessage({ kind: 'failed' });
      return;
    }
  }
}
