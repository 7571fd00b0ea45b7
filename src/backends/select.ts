/**
 * Chooses and starts a backend. Automatic choice takes a hardware GPU only if the work is large enough to gain from it,
 * and never a software adapter.
 */
import { BackendError, ValueError, messageOf, suggest } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import { WasmBackend } from './wasm/index.ts';
import type { WasmOptions } from './wasm/index.ts';
import type { DeviceOptions } from './webgpu/device.ts';
import { WebGPUBackend } from './webgpu/index.ts';

export type BackendName = 'wasm' | 'webgpu';

export interface SelectOptions extends Pick<WasmOptions, 'threads' | 'worker' | 'workerUrl'> {
  /**
   * A backend name, or a backend instance such as `new ReferenceBackend()`. By default the fastest available one is
   * chosen.
   */
  readonly backend?: BackendName | Backend;
  /** A GPU object to use instead of `navigator.gpu`, such as one from the Node package `webgpu`. */
  readonly gpu?: GPU;
  /**
   * On WebGPU, called as each new pipeline of a program finishes compiling: `({ done, total }) => …`. Cached pipelines
   * are not reported. Exceptions are ignored.
   */
  readonly onCompile?: DeviceOptions['onCompile'];
  /**
   * Multiply-adds of one step, if known. Below `gpuThreshold`, WebAssembly is at least as fast as a GPU; below
   * `threadThreshold`, one thread is as fast as several.
   */
  readonly work?: number;
}

/**
 * Multiply-adds per step from which a discrete GPU is faster. A step of a few dozen dispatches takes a GPU at least 100
 * µs regardless of size, and one core does about 20 million multiply-adds per millisecond.
 */
export const gpuThreshold = 2e7;

/** Multiply-adds per step from which `threads: 'auto'` uses several threads: a step of about 100 µs. */
export const threadThreshold = 2e6;

/** Time limit in milliseconds for a GPU that was not requested by name. After it WebAssembly is used. */
const adapterTimeout = 1000;

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
      const found = await WebGPUBackend.create({ gpu, onCompile, patience: adapterTimeout });
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
