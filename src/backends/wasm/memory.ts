/**
 * The heap of the wasm backend: hands out runs of linear memory to variables, arenas, constants and instruction
 * streams. First fit over a list of free runs, neighbours joined again; a program allocates a handful of times, so
 * this is never on a hot path.
 */
import { BackendError } from '../../core/errors.ts';

export const pageBytes = 65536;
/** A cache line, and more than any vector load needs. */
const alignment = 64;

interface Run {
  offset: number;
  bytes: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #free: Run[] = [];
  readonly #used = new Map<number, number>();
  #end: number;
  /** Memory from here on was never used, so it is zero. */
  #touched: number;

  /** `base` is the first byte that the module's own data does not use. */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    this.#end = align(base);
    this.#touched = this.#end;
  }

  /** The address of `bytes` zeroed bytes. Throws `BackendError` when the memory cannot grow that far. */
  allocate(bytes: number, what: string): number {
    const size = align(Math.max(1, bytes));
    const index = this.#free.findIndex((run) => run.bytes >= size);
    let offset: number;
    if (index >= 0) {
      const run = this.#free[index]!;
      offset = run.offset;
      run.offset += size;
      run.bytes -= size;
      if (run.bytes === 0) this.#free.splice(index, 1);
    } else {
      offset = this.#end;
      this.#grow(offset + size, bytes, what);
      this.#end = offset + size;
    }
    this.#used.set(offset, size);
    const used = Math.min(size, this.#touched - offset);
    if (used > 0) this.clear(offset, used);
    this.#touched = Math.max(this.#touched, offset + size);
    return offset;
  }

  release(offset: number): void {
    const bytes = this.#used.get(offset);
    if (bytes === undefined) return;
    this.#used.delete(offset);
    this.#free.push({ offset, bytes });
    this.#free.sort((a, b) => a.offset - b.offset);
    for (let index = this.#free.length - 1; index > 0; index--) {
      const [before, run] = [this.#free[index - 1]!, this.#free[index]!];
      if (before.offset + before.bytes === run.offset) {
        before.bytes += run.bytes;
        this.#free.splice(index, 1);
      }
    }
    const last = this.#free.at(-1);
    if (last !== undefined && last.offset + last.bytes === this.#end) {
      this.#end = last.offset;
      this.#free.pop();
    }
  }

  /** Bytes of the memory now. */
  protected get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  /** Makes the memory larger. Throws when it cannot grow that far. */
  protected extend(pages: number): void {
    this.memory.grow(pages);
  }

  /** Fills memory with zeros. */
  protected clear(offset: number, bytes: number): void {
    new Uint8Array(this.memory.buffer, offset, bytes).fill(0);
  }

  #grow(needed: number, bytes: number, what: string): void {
    const missing = Math.ceil((needed - this.byteLength) / pageBytes);
    if (missing <= 0) return;
    try {
      this.extend(missing);
    } catch (error) {
      const held = Math.round(this.byteLength / 2 ** 20);
      throw new BackendError(
        `wasm: ${what} needs ${bytes} bytes beside the ${held} MiB in use, and the memory cannot grow that far ` +
          `(at most 4096 MiB): use fewer samples at once, or a smaller batch`,
        { cause: error },
      );
    }
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
