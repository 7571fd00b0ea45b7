/**
 * Chooses and starts a backend. A real GPU is taken only where the work is large enough to gain from it; a software
 * adapter never is, unless it is asked for by name.
 */
import { BackendError, ValueError, messageOf, suggest } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import { WasmBackend } from './wasm/index.ts';
import type { WasmOptions } from './wasm/index.ts';
import type { DeviceOptions } from './webgpu/device.ts';
import { WebGPUBackend } from './webgpu/index.ts';

export type BackendName = 'wasm' | 'webgpu';

export interface SelectOptions extends Pick<WasmOptions, 'threads' | 'worker' | 'workerUrl'> {
  /** A name, or a backend that is already there, such as `new ReferenceBackend()`. Without it the best is found. */
  readonly backend?: BackendName | Backend;
  /** A GPU object to use instead of `navigator.gpu`: in Node, that of the package `webgpu`. */
  readonly gpu?: GPU;
  /**
   * On WebGPU, called whenever one of the pipelines that a program still needs is ready: `({ done, total }) => …`. Nothing is told
   * of those that are there already. What it throws is passed over.
   */
  readonly onCompile?: DeviceOptions['onCompile'];
  /**
   * Multiply-adds of one step, where known: below `gpuThreshold` WebAssembly is at least as fast as a GPU, and below
   * `threadThreshold` one thread as fast as several.
   */
  readonly work?: number;
}

/**
 * Multiply-adds of one step from which a discrete GPU wins: a step of a few dozen dispatches takes a GPU 100 µs or
 * more however small it is, and one core does about 20 million multiply-adds a millisecond.
 */
export const gpuThreshold = 2e7;

/** Multiply-adds of one step from which `threads: 'auto'` takes several: a step of about 100 µs. */
export const threadThreshold = 2e6;

/** Time limit in milliseconds for a GPU that was not asked for by name; WebAssembly is used after it. */
const choicePatience = 1000;

const names: readonly BackendName[] = ['wasm', 'webgpu'];

export async function selectBackend({
  backend,
  gpu = (globalThis.navigator as Navigator | undefined)?.gpu,
  onCompile,
  work = Infinity,
  ...threading
}: SelectOptions): Promise<{ backend: Backend; reason: string }> {
  if (typeof backend === 'object') return { backend, reason: 'given by the caller' };
  if (backend !== undefined && !names.includes(backend)) {
    throw new ValueError(
      `createEngine: unknown backend '${String(backend)}'${suggest(String(backend), names)}: use ${names.join(' or ')}`,
    );
  }
  const startWasm = async (why: string): Promise<{ backend: Backend; reason: string }> => {
    const isSmall = threading.threads === 'auto' && work < threadThreshold;
    const started = await WasmBackend.create(isSmall ? { ...threading, threads: 1 } : threading);
    return { backend: started, reason: isSmall ? `${why}; one thread: the model is small` : why };
  };
  if (backend === 'webgpu') return { backend: await WebGPUBackend.create({ gpu, onCompile }), reason: 'asked for' };
  if (backend === 'wasm') return startWasm('asked for');
  let reason = 'there is no WebGPU here';
  if (gpu !== undefined && work < gpuThreshold) reason = `the model is small (${work} multiply-adds a step)`;
  else if (gpu !== undefined) {
    try {
      const found = await WebGPUBackend.create({ gpu, onCompile, patience: choicePatience });
      if (!found.info.isSoftware) return { backend: found, reason: 'a GPU is there, and the work is large enough' };
      found.dispose();
      reason = 'the only WebGPU adapter is software';
    } catch (error) {
      reason = messageOf(error);
    }
  }
  try {
    return await startWasm(reason);
  } catch (error) {
    throw new BackendError(`createEngine: no backend starts here: ${reason}; ${messageOf(error)}`, { cause: error });
  }
}
