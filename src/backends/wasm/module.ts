/**
 * Loads the modules of wasm kernels: the core, which every program needs, then those that the ops of a program name, and
 * those of compiled chains. All share one memory and one function table, through which the executor calls.
 */
import { isShared } from '../../core/dtype.ts';
import { BackendError, messageOf } from '../../core/errors.ts';
import { nodeModule } from '../../core/node-module.ts';
import type { WasmSource } from '../../core/wasm-source.ts';
import { coreWasm } from '../../generated/wasm/core.ts';

/** Whether multiply-adds are fused where the machine can, or never. */
export type Binary = 'simd' | 'relaxed-simd';

/** A module, and where its functions stand in the table. Can be posted to a worker. */
export interface LoadedModule {
  readonly module: WebAssembly.Module;
  /** The exports that the table has, from `firstIndex` on. */
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
  /** In the order in which they were loaded. A thread that instantiates each has the table that programs count on. */
  readonly modules: LoadedModule[] = [];
  readonly binary: Binary;
  readonly memory: WebAssembly.Memory;
  /** What modules import: the memory, and whatever was exported before them. */
  readonly #environment: Record<string, WebAssembly.ExportValue>;
  readonly #indices = new Map<string, number>();
  readonly #needed = new Map<string, Promise<void>>();

  /**
   * `binary` forces one; without it multiply-adds are fused where the engine knows the instruction. With `shared` the memory
   * is one that threads share.
   *
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
        failure = error; // the next
      }
    }
    throw failure;
  }

  private constructor(binary: Binary, memory: WebAssembly.Memory) {
    this.binary = binary;
    this.memory = memory;
    this.#environment = { memory, now: () => performance.now() };
  }

  /** Loads a module unless it is there. What failed is tried again when it is next needed. */
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
    // Imported only here: most engines have relaxed SIMD.
    const translate = this.binary === 'simd' && (await import('./plain-simd.ts')).plainSimd;
    await this.enter(`'${source.name}'`, translate ? translate(bytes) : bytes);
  }

  /** Makes an instance of a module, and enters its functions in the table. */
  async enter(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let compiled: WebAssembly.WebAssemblyInstantiatedSource;
    try {
      compiled = await WebAssembly.instantiate(bytes, { env: this.#environment });
    } catch (error) {
      throw new BackendError(`wasm: the module ${name} does not compile: ${whyNot(bytes, error)}`, { cause: error });
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

  /** Bytes of a thread's own memory. */
  get threadBytes(): number {
    return this.#core.thread_bytes();
  }

  /** What the kernel at `index` says about its work with the words at `words`, in nanoseconds. */
  workOf(index: number, words: number): number {
    return this.#core.shared_work(index, words);
  }

  /** Walks the program at `address`, `steps` times. */
  run(address: number, steps: number): void {
    this.#core.run(address, steps);
  }

  get #core(): CoreExports {
    return this.#environment as unknown as CoreExports;
  }
}

/** Why an engine does not compile a module. It checks bytes without SIMD whatever a policy says, so that is told apart. */
function whyNot(bytes: Uint8Array<ArrayBuffer>, error: unknown): string {
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
    const lack =
      typeof DecompressionStream === 'undefined' ? 'this environment has no DecompressionStream' : messageOf(error);
    throw new BackendError(
      `wasm: the module '${source.name}' cannot be unpacked: ${lack}: use Chrome 103, Firefox 113, Safari 16.4, Node 20.16 or newer`,
      { cause: error },
    );
  }
}

async function unpack({ deflated, size }: WasmSource): Promise<Uint8Array<ArrayBuffer>> {
  // by the engine where it can (Chrome 140, Firefox 133, Safari 18.2): the other way takes 2 ms before it is compiled
  const packed =
    (Uint8Array as Base64).fromBase64?.(deflated) ?? Uint8Array.from(atob(deflated), (letter) => letter.charCodeAt(0));
  const zlib = nodeModule<Zlib>('node:zlib');
  if (zlib) return zlib.inflateRawSync(packed); // Node's streams take long to load (`npm run bench -- start`)
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const writer = writable.getWriter();
  for (const writing of [writer.write(packed), writer.close()]) writing.catch(() => undefined); // the reader fails too
  const reader = readable.getReader();
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const { value } = await reader.read();
    bytes.set(value!, at);
    at += value!.length;
  }
  return bytes;
}

/** As large as there is room for: a shared memory takes all of its address space at once. */
function makeMemory(shared: boolean): WebAssembly.Memory {
  for (let maximum = 65536; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch (error) {
      if (maximum <= 4096) throw new BackendError(`wasm: no room for a memory: ${messageOf(error)}`, { cause: error });
    }
  }
}
