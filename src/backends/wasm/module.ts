/**
 * Loads the modules of wasm kernels: the core, which every program needs, the modules that the ops of a program name,
 * and the modules of compiled chains. All share one memory and one function table, through which the executor calls
 * kernels.
 */
import { isShared } from '../../core/dtype.ts';
import { BackendError, messageOf } from '../../core/errors.ts';
import { nodeModule } from '../../core/node-module.ts';
import type { WasmSource } from '../../core/wasm-source.ts';
import { coreWasm } from '../../generated/wasm/core.ts';

/** `relaxed-simd` fuses multiply-adds where the machine supports it, `simd` never does. */
export type Binary = 'simd' | 'relaxed-simd';

/** A compiled module and the table indices of its functions. Can be posted to a worker. */
export interface LoadedModule {
  readonly module: WebAssembly.Module;
  /** The exported functions, which the table holds in this order from `firstIndex` on. */
  readonly entries: readonly string[];
  readonly firstIndex: number;
}

interface CoreExports {
  readonly run: (address: number, steps: number) => void;
  readonly shared_work: (index: number, words: number) => number;
  readonly thread_bytes: () => number;
  readonly table: WebAssembly.Table;
}

export class Kernels {
  /** In load order. A thread that instantiates them in this order has the function table that programs expect. */
  readonly modules: LoadedModule[] = [];
  readonly binary: Binary;
  readonly memory: WebAssembly.Memory;
  /** The imports of modules: the memory and the exports of all modules loaded before. */
  readonly #environment: Record<string, WebAssembly.ExportValue>;
  readonly #indices = new Map<string, number>();
  readonly #needed = new Map<string, Promise<void>>();

  /**
   * Creates the memory and loads the core module.
   *
   * @param binary forces a binary; by default multiply-adds are fused if the engine supports relaxed SIMD
   * @param shared whether the memory can be shared between threads
   * @throws BackendError naming what this environment lacks or forbids, with the engine's own error as `cause`
   */
  static async load(binary?: Binary, shared = false): Promise<Kernels> {
    if (typeof WebAssembly === 'undefined') throw new BackendError('wasm: this environment has no WebAssembly');
    const memory = makeMemory(shared);
    const candidates: Binary[] = binary === undefined ? ['relaxed-simd', 'simd'] : [binary];
    let failure: unknown;
    for (const candidate of candidates) {
      const kernels = new Kernels(candidate, memory);
      try {
        await kernels.need(coreWasm);
        return kernels;
      } catch (error) {
        failure = error; // try the next candidate
      }
    }
    throw failure;
  }

  private constructor(binary: Binary, memory: WebAssembly.Memory) {
    this.binary = binary;
    this.memory = memory;
    this.#environment = { memory, now: () => performance.now() };
  }

  /** Loads a module unless it is loaded already. A failed load is retried the next time that the module is needed. */
  need(source: WasmSource): Promise<void> {
    let promise = this.#needed.get(source.name);
    if (promise === undefined) {
      promise = this.#add(source);
      this.#needed.set(source.name, promise);
      promise.catch(() => this.#needed.delete(source.name));
    }
    return promise;
  }

  async #add(source: WasmSource): Promise<void> {
    const bytes = await inflate(source);
    if (isShared(this.memory.buffer)) bytes[source.memoryFlags] = 3;
    // Imported on demand: most engines have relaxed SIMD.
    const translate = this.binary === 'simd' && (await import('./plain-simd.ts')).plainSimd;
    await this.instantiate(`'${source.name}'`, translate ? translate(bytes) : bytes);
  }

  /** Instantiates a module and adds its functions to the table. */
  async instantiate(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let compiled: WebAssembly.WebAssemblyInstantiatedSource;
    try {
      compiled = await WebAssembly.instantiate(bytes, { env: this.#environment });
    } catch (error) {
      throw new BackendError(`wasm: the module ${name} does not compile: ${explainCompileError(bytes, error)}`, {
        cause: error,
      });
    }
    const { module, instance } = compiled;
    Object.assign(this.#environment, instance.exports);
    const entries = Object.keys(instance.exports).filter((entry) => typeof instance.exports[entry] === 'function');
    const { table } = this.#core;
    const firstIndex = table.grow(entries.length);
    entries.forEach((entry, index) => {
      table.set(firstIndex + index, instance.exports[entry]);
      this.#indices.set(entry, firstIndex + index);
    });
    this.modules.push({ module, entries, firstIndex });
  }

  /** The table index of an exported function. */
  indexOf(entry: string): number {
    const index = this.#indices.get(entry);
    if (index === undefined) throw new BackendError(`wasm: no module has a kernel '${entry}'`);
    return index;
  }

  /** Bytes of a thread's private memory. */
  get threadBytes(): number {
    return this.#core.thread_bytes();
  }

  /**
   * The kernel's own estimate of its work in nanoseconds: the kernel at table index `index`, with the words at address
   * `words`.
   */
  workOf(index: number, words: number): number {
    return this.#core.shared_work(index, words);
  }

  /** Runs the program at `address`, `steps` times. */
  run(address: number, steps: number): void {
    this.#core.run(address, steps);
  }

  get #core(): CoreExports {
    return this.#environment as unknown as CoreExports;
  }
}

/**
 * Explains why an engine does not compile a module. `validate` rejects a module whose SIMD the engine lacks, regardless
 * of security policies, which tells the two causes apart.
 */
function explainCompileError(bytes: Uint8Array<ArrayBuffer>, error: unknown): string {
  if ((WebAssembly as Partial<typeof WebAssembly>).validate?.(bytes) === false) {
    return 'WebAssembly SIMD is needed (Chrome 91, Firefox 89, Safari 16.4, Node 16.4 or newer)';
  }
  const message = messageOf(error);
  if (/unsafe-eval|CSP|content.security/i.test(message)) {
    return `the page’s Content-Security-Policy forbids it: add 'wasm-unsafe-eval' to its script-src (${message})`;
  }
  return `${message}. An edge runtime may forbid to compile at run time: use a browser or Node there`;
}

interface Base64 {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}
interface Zlib {
  inflateRawSync(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
}

async function inflate(source: WasmSource): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await unpack(source);
  } catch (error) {
    const problem =
      typeof DecompressionStream === 'undefined' ? 'this environment has no DecompressionStream' : messageOf(error);
    throw new BackendError(
      `wasm: the module '${source.name}' cannot be unpacked: ${problem}: use Chrome 103, Firefox 113, Safari 16.4, Node 20.16 or newer`,
      { cause: error },
    );
  }
}

async function unpack({ deflated, size }: WasmSource): Promise<Uint8Array<ArrayBuffer>> {
  // `fromBase64` where the engine has it (Chrome 140, Firefox 133, Safari 18.2): the other way takes 2 ms until it is
  // compiled
  const packed =
    (Uint8Array as Base64).fromBase64?.(deflated) ?? Uint8Array.from(atob(deflated), (letter) => letter.charCodeAt(0));
  const zlib = nodeModule<Zlib>('node:zlib');
  if (zlib) return zlib.inflateRawSync(packed); // Node's streams take long to load (`npm run bench -- start`)
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const writer = writable.getWriter();
  for (const writing of [writer.write(packed), writer.close()]) writing.catch(() => undefined); // the reader reports the failure
  const reader = readable.getReader();
  const bytes = new Uint8Array(size);
  for (let position = 0; position < size;) {
    const { value } = await reader.read();
    bytes.set(value!, position);
    position += value!.length;
  }
  return bytes;
}

/**
 * Creates a memory with the largest maximum that is available: a shared memory reserves all of its address space at
 * once.
 */
function makeMemory(shared: boolean): WebAssembly.Memory {
  for (let maximum = 65536; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch (error) {
      if (maximum <= 4096) throw new BackendError(`wasm: no room for a memory: ${messageOf(error)}`, { cause: error });
    }
  }
}
