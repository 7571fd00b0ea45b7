/**
 * Starting workers, in pages and in Node: the one place that knows how the two differ. Below pool.ts.
 */
import { nodeModule } from '../../core/node-module.ts';
import { workerSource } from '../../generated/wasm/worker.ts';
import type { LoadedModule } from './module.ts';
import type { WorkerMessage, WorkerStart } from './worker.ts';

export interface WorkerEvents {
  message(message: WorkerMessage): void;
  /** It died or could not start. */
  death(why: string): void;
}

export interface Thread {
  start(message: Omit<WorkerStart, 'lock'>): void;
  post(module: LoadedModule): void;
  /** Whether a process may not end while it runs. */
  hold(isHeld: boolean): void;
  terminate(): void;
}

/** The parts of node:worker_threads and node:os that are used here. */
interface NodeWorker {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: WorkerMessage) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}
interface NodeThreads {
  readonly Worker: new (source: string | URL, options: { readonly eval: boolean; readonly name: string }) => NodeWorker;
}

const hasWorkers = (): boolean => typeof Worker === 'function';

/** How many threads the machine runs at once. */
export function coreCount(): number {
  const { navigator } = globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } };
  const os = nodeModule<{ availableParallelism(): number }>('node:os');
  return navigator?.hardwareConcurrency ?? os?.availableParallelism() ?? 1;
}

/** Why no worker can share memory here; empty when one can. */
export function obstacle(): string {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  if (crossOriginIsolated === false) {
    return (
      'threads need a cross-origin isolated page: serve it with Cross-Origin-Opener-Policy: same-origin and ' +
      'Cross-Origin-Embedder-Policy: require-corp'
    );
  }
  if (typeof SharedArrayBuffer === 'undefined') return 'threads need shared memory, which is missing here';
  return hasWorkers() || nodeModule('node:worker_threads') ? '' : 'threads need workers, which are missing here';
}

/** `url` is that of the worker script, where a page does not allow blob: addresses. */
export function spawn(name: string, url: string | URL | undefined, events: WorkerEvents): Thread {
  return hasWorkers() ? spawnInPage(name, url, events) : spawnInNode(name, url, events);
}

function spawnInPage(name: string, url: string | URL | undefined, { message, death }: WorkerEvents): Thread {
  const blob = url === undefined ? URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' })) : null;
  const worker = new Worker(blob ?? url!, { name });
  // A page hears nothing when a worker dies. But the worker holds a lock, and the browser gives it back then.
  const lock = `gradlet-worker-${crypto.randomUUID()}`;
  const watch = new AbortController();
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.kind === 'ready') {
      if (blob !== null) URL.revokeObjectURL(blob);
      const { locks } = globalThis.navigator as Partial<Navigator>;
      locks?.request(lock, watch, () => death('it has ended')).catch(() => undefined); // no locks here, or no more wanted
    }
    message(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    death(event.message || 'its script did not load: does the page’s Content-Security-Policy allow worker-src blob:?');
  };
  return {
    start: (start) => worker.postMessage({ ...start, lock }),
    post: (module) => worker.postMessage(module),
    hold: () => undefined,
    terminate: () => {
      watch.abort();
      worker.terminate();
    },
  };
}

function spawnInNode(name: string, url: string | URL | undefined, { message, death }: WorkerEvents): Thread {
  const threads = nodeModule<NodeThreads>('node:worker_threads')!;
  const worker = new threads.Worker(url ?? workerSource, { eval: url === undefined, name });
  worker.on('message', message);
  worker.on('error', (error) => death(error.message));
  worker.on('exit', (code) => death(`it ended with code ${code}`));
  worker.unref();
  return {
    start: (start) => worker.postMessage({ ...start, lock: '' }),
    post: (module) => worker.postMessage(module),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}
