/** Starts workers in pages and in Node, Deno and Bun. All differences between them are in this file. */
import { BackendError } from '../../../core/errors.ts';
import { nodeModule } from '../../../core/node-module.ts';
import { workerSource } from '../../../generated/wasm/worker.ts';
import type { WorkerMessage, WorkerStart } from './worker.ts';

export interface WorkerEvents {
  message(message: WorkerMessage): void;
  /** The worker died or could not start. */
  death(why: string): void;
}

export interface Thread {
  start(message: Omit<WorkerStart, 'lock'>): void;
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  /** Whether the process must stay alive while the worker runs. */
  hold(isHeld: boolean): void;
  terminate(): void;
}

/** The parts of node:worker_threads and node:os used here. */
interface NodeWorker {
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: WorkerMessage) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}
interface NodeThreads {
  readonly Worker: new (
    source: string | URL,
    options: { readonly eval: boolean; readonly name: string; readonly execArgv: readonly string[] },
  ) => NodeWorker;
}

/** Timeout in seconds for a worker to load its script, and then to become ready. */
const defaultStartPatience = 2;

const hasWorkers = (): boolean => typeof Worker === 'function';

/** Node's threads, which Deno and Bun have too. A page in Electron may have both; there the page's workers are used. */
function nodeThreads(): NodeThreads | undefined {
  return hasWorkers() && typeof document !== 'undefined' ? undefined : nodeModule<NodeThreads>('node:worker_threads');
}

/** Number of threads that the machine runs in parallel. */
export function coreCount(): number {
  const { navigator } = globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } };
  const os = nodeModule<{ availableParallelism(): number }>('node:os');
  return navigator?.hardwareConcurrency ?? os?.availableParallelism() ?? 1;
}

/** Why no worker can share memory here, so that programs run on one thread. Empty when workers can. */
export function obstacle(): string {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  if (crossOriginIsolated === false) {
    return (
      'one thread: threads need a cross-origin isolated page: serve it with Cross-Origin-Opener-Policy: same-origin and ' +
      'Cross-Origin-Embedder-Policy: require-corp'
    );
  }
  if (typeof SharedArrayBuffer === 'undefined') return 'one thread: threads need shared memory, which is missing here';
  return hasWorkers() || nodeThreads() ? '' : 'one thread: threads need workers, which are missing here';
}

export interface StartRequest {
  readonly count: number;
  /** URL of the worker script, for pages that do not allow workers from blob: URLs. */
  readonly workerUrl?: string | URL | undefined;
  /** Seconds without a message after which a worker counts as failed to start. */
  readonly startPatience?: number | undefined;
  startOf(thread: number): Omit<WorkerStart, 'lock'>;
  /** Called with each worker before it is ready. */
  started(worker: Thread): void;
  message(message: WorkerMessage): void;
  /** A worker died or could not start. */
  death(thread: number, why: string): void;
}

/**
 * Starts workers. Resolves when all are ready.
 *
 * @throws BackendError when one does not start
 */
export async function startAll(request: StartRequest): Promise<void> {
  const { count, workerUrl, startPatience = defaultStartPatience } = request;
  const workers: Thread[] = [];
  const starts = Array.from({ length: count }, (_, thread) => {
    return new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new BackendError(`a worker has not started within ${startPatience} s`));
      let timer = setTimeout(late, 1000 * startPatience);
      const death = (why: string): void => {
        clearTimeout(timer);
        reject(new BackendError(why));
        request.death(thread, why);
      };
      const message = (given: WorkerMessage): void => {
        if (given.kind === 'error') return death(given.text ?? 'it failed');
        if (given.kind !== 'loaded' && given.kind !== 'ready') return request.message(given);
        clearTimeout(timer);
        if (given.kind === 'ready') resolve();
        else timer = setTimeout(late, 1000 * startPatience);
      };
      const worker = spawn(`gradlet ${thread}`, workerUrl, { message, death });
      workers.push(worker);
      request.started(worker);
      worker.hold(true);
      worker.start(request.startOf(thread));
    });
  });
  await Promise.all(starts);
  for (const worker of workers) worker.hold(false);
}

function spawn(name: string, url: string | URL | undefined, events: WorkerEvents): Thread {
  const threads = nodeThreads();
  if (threads) return spawnInNode(threads, name, url, events);
  if (hasWorkers()) return spawnInPage(name, url, events);
  throw new BackendError('workers are missing here');
}

function spawnInPage(name: string, url: string | URL | undefined, { message, death }: WorkerEvents): Thread {
  const blob = url === undefined ? URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' })) : null;
  const worker = new Worker(blob ?? url!, { name });
  // A page gets no event when a worker dies. The worker therefore holds a lock, which the browser releases when it
  // dies.
  const lock = `gradlet-worker-${[...crypto.getRandomValues(new Uint32Array(4))].join('-')}`;
  const watch = new AbortController();
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.kind === 'ready') {
      if (blob !== null) URL.revokeObjectURL(blob);
      watchLock(lock, watch.signal, () => death('it has ended'));
    }
    message(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    death(event.message || 'its script did not load: does the page’s Content-Security-Policy allow worker-src blob:?');
  };
  worker.onmessageerror = () => death('a message could not be read');
  return {
    start: (start) => worker.postMessage({ ...start, lock }),
    post: (given, transfer = []) => worker.postMessage(given, transfer),
    hold: () => undefined,
    terminate: () => {
      watch.abort();
      worker.terminate();
    },
  };
}

/**
 * Calls `freed` when the worker that holds the lock ends. If the lock is free, the worker could not take it: a worker
 * from a data: URL has locks of another origin, or none. Only timeouts detect the death of such a worker.
 */
function watchLock(lock: string, signal: AbortSignal, freed: () => void): void {
  const { locks } = globalThis.navigator as Partial<Navigator>;
  const whenFree = (): unknown => locks!.request(lock, { signal }, freed).catch(() => undefined); // aborted
  locks?.request(lock, { ifAvailable: true }, (free) => void (free ?? whenFree())).catch(() => undefined); // no locks available
}

function spawnInNode(
  { Worker: NodeWorker }: NodeThreads,
  name: string,
  url: string | URL | undefined,
  { message, death }: WorkerEvents,
): Thread {
  // Without the process's own arguments: a TypeScript loader takes longer to start than the worker.
  const worker = new NodeWorker(url ?? workerSource, { eval: url === undefined, name, execArgv: [] });
  worker.on('message', message);
  worker.on('error', (error) => death(error.message));
  worker.on('exit', (code) => death(`it ended with code ${code}`));
  worker.unref();
  return {
    start: (start) => worker.postMessage({ ...start, lock: '' }),
    post: (given, transfer) => worker.postMessage(given, transfer),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}
