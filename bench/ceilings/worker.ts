/**
 * A worker that runs the ceiling kernels, in pages and in Node. Independent of gradlet, whose own workers are compared
 * with it.
 */
import { half } from './module.ts';

/** Runs in each worker. Passed as text, so that a page needs no URL for it. */
const workerSource = `
const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
const port = node ? node.parentPort : globalThis;
let exports;
const tasks = {
  start: (module) => {
    exports = new WebAssembly.Instance(module).exports;
    new Uint8Array(exports.memory.buffer).fill(0); // like ceilingModule
  },
  multiplyAdd: (turns) => exports.multiply_add(turns),
  copy: ({ bytes, turns }) => {
    for (let turn = 0; turn < turns; turn++) exports.copy(${half}, 0, bytes);
  },
  read: (bytes) => exports.read(0, bytes),
  handOver: ({ cell, turns, thread, threads }) => {
    for (let turn = thread; turn < turns; turn += threads) {
      while (Atomics.load(cell, 0) !== turn);
      Atomics.store(cell, 0, turn + 1);
    }
  },
};
port.onmessage = ({ data: [task, argument] }) => {
  tasks[task](argument);
  port.postMessage('done');
};`;

/** A worker, as seen by the thread that started it. */
export interface Member {
  post(message: readonly [task: string, argument: unknown]): void;
  /** Called with each answer. */
  onDone: () => void;
  onError: (error: Error) => void;
  terminate(): void;
}

interface NodeWorker {
  postMessage(message: unknown): void;
  on(event: 'message' | 'error', listener: (given: Error) => void): void;
  terminate(): Promise<number>;
}
type NodeThreads = { readonly Worker: new (source: string, options: { readonly eval: true }) => NodeWorker };

export function hire(): Member {
  const ignore = (): void => undefined;
  if (typeof Worker === 'function') {
    const address = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const worker = new Worker(address);
    const member: Member = {
      post: (message) => worker.postMessage(message),
      onDone: ignore,
      onError: ignore,
      terminate: () => {
        URL.revokeObjectURL(address);
        worker.terminate();
      },
    };
    worker.onmessage = () => member.onDone();
    worker.onerror = ({ message }) => member.onError(new Error(message));
    return member;
  }
  const { Worker: Thread } = process.getBuiltinModule('node:worker_threads') as unknown as NodeThreads;
  const worker = new Thread(workerSource, { eval: true });
  const member: Member = {
    post: (message) => worker.postMessage(message),
    onDone: ignore,
    onError: ignore,
    terminate: () => void worker.terminate(),
  };
  worker.on('message', () => member.onDone());
  worker.on('error', (error) => member.onError(error));
  return member;
}
