/**
 * Chooses how programs run when threads or a worker are requested: threads that share memory if the page allows it,
 * else one worker with its own memory, else the calling thread, with the reason. Imported on demand.
 */
import { messageOf } from '../../../core/errors.ts';
import { heapBase } from '../../../generated/wasm/heap.ts';
import { CallingThread } from '../calling-thread.ts';
import type { WasmOptions } from '../index.ts';
import { Heap } from '../memory.ts';
import { Kernels } from '../module.ts';
import type { Processor } from '../processor.ts';
import { obstacle } from './spawn.ts';
import { Threads, workerCount } from './threads.ts';

export interface Started {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly processor: Processor;
}

export async function startWorkers(options: WasmOptions): Promise<Started> {
  const { binary, threads: asked = 1, worker = false } = options;
  const threads = workerCount(options);
  let reason = threads === 0 ? 'one thread: the machine has no core for another' : obstacle();
  if (reason === '') {
    const shared = await Kernels.load(binary, true).catch(messageOf);
    if (typeof shared !== 'string') {
      const heap = new Heap(shared.memory, heapBase);
      return { kernels: shared, heap, processor: new Threads(threads, shared, heap, options) };
    }
    reason = `one thread: ${shared}`;
  }
  const kernels = await Kernels.load(binary);
  if (worker) {
    const { Remote } = await import('./remote.ts');
    // With one thread, a worker is all that was requested, so there is no reason to report.
    const remote = await Remote.start(kernels, options, asked === 1 ? '' : reason).catch(messageOf);
    if (typeof remote !== 'string') return { kernels, heap: remote.heap, processor: remote };
    reason = `${reason}; on the calling thread, for the worker did not start: ${remote}`;
  }
  const heap = new Heap(kernels.memory, heapBase);
  return { kernels, heap, processor: new CallingThread(kernels, heap, reason) };
}
