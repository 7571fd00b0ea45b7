/**
 * Loads the AssemblyScript module: picks the relaxed-SIMD binary where the engine validates it (fused multiply-add),
 * else plain SIMD, and gives kernels numbers in the function table that the executor calls through.
 */
import { BackendError } from '../../core/errors.ts';
import { unpackWasm } from '../../generated/wasm/packed.ts';

export interface Kernels {
  readonly binary: 'simd' | 'relaxed-simd';
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly exports: WebAssembly.Exports;
  /** First free byte of linear memory. */
  readonly heapBase: number;
  /** The table index of an exported kernel. */
  indexOf(entry: string): number;
  /** The exports that have an index, in its order; with a shared memory that is every function. */
  readonly entries: readonly string[];
  /** Bytes of a thread's own memory. */
  readonly threadBytes: number;
  /** What the kernel at `index` says about its work with the words at `words`, in nanoseconds. */
  workOf(index: number, words: number): number;
  /** Walks the program at `address`, `steps` times. */
  run(address: number, steps: number): void;
}

export type Binary = Kernels['binary'];

interface Exports {
  readonly run: (address: number, steps: number) => void;
  readonly shared_work: (index: number, words: number) => number;
  readonly thread_bytes: () => number;
  readonly table: WebAssembly.Table;
  readonly __heap_base: WebAssembly.Global;
}

/**
 * `binary` forces one of the two; without it the faster that validates is taken. With `isShared` the memory is one that
 * threads share. Throws `BackendError` without SIMD.
 */
export async function loadKernels(binary?: Binary, isShared = false): Promise<Kernels> {
  if (typeof WebAssembly === 'undefined') throw new BackendError('wasm: this environment has no WebAssembly');
  const candidates: Binary[] = binary === undefined ? ['relaxed-simd', 'simd'] : [binary];
  const binaries = await unpackWasm();
  for (const candidate of candidates) {
    const { bytes, memoryFlags } = binaries.find(({ name }) => name === candidate)!;
    if (isShared) bytes[memoryFlags] = 3;
    if (WebAssembly.validate(bytes)) return instantiate(candidate, bytes, isShared);
  }
  throw new BackendError(
    `wasm: this environment refuses ${candidates.join(' and ')}: WebAssembly SIMD is needed ` +
      `(Chrome 91, Firefox 89, Safari 16.4, Node 16.4 or newer)`,
  );
}

async function instantiate(binary: Binary, bytes: Uint8Array<ArrayBuffer>, isShared: boolean): Promise<Kernels> {
  const memory = isShared ? sharedMemory() : new WebAssembly.Memory({ initial: 16, maximum: 65536 });
  const { module, instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const exports = instance.exports as unknown as Exports;
  const indices = new Map<string, number>();
  const kernels: Kernels = {
    binary,
    module,
    memory,
    exports: instance.exports,
    heapBase: exports.__heap_base.value as number,
    indexOf: (entry) => {
      let index = indices.get(entry);
      if (index === undefined) {
        const kernel = instance.exports[entry];
        if (typeof kernel !== 'function') throw new BackendError(`wasm: the module has no kernel '${entry}'`);
        index = exports.table.grow(1, kernel);
        indices.set(entry, index);
      }
      return index;
    },
    get entries() {
      return [...indices.keys()];
    },
    threadBytes: exports.thread_bytes(),
    workOf: exports.shared_work,
    run: (address, steps) => {
      exports.run(address, steps);
    },
  };
  // Threads fill their tables once, when they start.
  const functions = Object.keys(exports).filter((entry) => typeof instance.exports[entry] === 'function');
  if (isShared) functions.forEach(kernels.indexOf);
  return kernels;
}

/** As large as there is room for: a shared memory takes all of its address space at once. */
function sharedMemory(): WebAssembly.Memory {
  for (let maximum = 65536; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared: true });
    } catch (error) {
      if (maximum <= 4096) throw new BackendError(`wasm: no room for a shared memory: ${String(error)}`);
    }
  }
}
