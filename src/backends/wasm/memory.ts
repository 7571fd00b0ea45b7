/**
 * The heap of the wasm backend: allocates blocks of linear memory for variables, arenas, constants and instruction
 * streams. First fit over a list of free blocks; adjacent free blocks are merged. A program makes only a few
 * allocations, so this is never on a hot path.
 */
import { BackendError } from '../../core/errors.ts';

export const pageBytes = 65536;
/** A cache line, which is more than any vector load needs. */
const alignment = 64;

interface Block {
  offset: number;
  bytes: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #free: Block[] = [];
  readonly #used = new Map<number, number>();
  #end: number;
  /** Memory from this offset on was never used, so it is zero. */
  #touched: number;

  /** `base`: the first byte after the module's own data. */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    this.#end = align(base);
    this.#touched = this.#end;
  }

  /**
   * Allocates `bytes` zeroed bytes and returns their address. Throws `BackendError` when the memory cannot grow enough.
   * `what` names the allocation in the message.
   */
  allocate(bytes: number, what: string): number {
    const size = align(Math.max(1, bytes));
    const index = this.#free.findIndex((block) => block.bytes >= size);
    let offset: number;
    if (index >= 0) {
      const block = this.#free[index]!;
      offset = block.offset;
      block.offset += size;
      block.bytes -= size;
      if (block.bytes === 0) this.#free.splice(index, 1);
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
      const [before, block] = [this.#free[index - 1]!, this.#free[index]!];
      if (before.offset + before.bytes === block.offset) {
        before.bytes += block.bytes;
        this.#free.splice(index, 1);
      }
    }
    const last = this.#free.at(-1);
    if (last !== undefined && last.offset + last.bytes === this.#end) {
      this.#end = last.offset;
      this.#free.pop();
    }
  }

  /** Current size of the memory in bytes. */
  protected get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  /** Grows the memory. Throws when it cannot grow enough. */
  protected extend(pages: number): void {
    this.memory.grow(pages);
  }

  protected clear(offset: number, bytes: number): void {
    new Uint8Array(this.memory.buffer, offset, bytes).fill(0);
  }

  #grow(needed: number, bytes: number, what: string): void {
    const missing = Math.ceil((needed - this.byteLength) / pageBytes);
    if (missing <= 0) return;
    try {
      this.extend(missing);
    } catch (error) {
      const inUse = Math.round(this.byteLength / 2 ** 20);
      throw new BackendError(
        `wasm: ${what} needs ${bytes} bytes beside the ${inUse} MiB in use, and the memory cannot grow that far ` +
          `(at most 4096 MiB): use fewer samples at once, or a smaller batch`,
        { cause: error },
      );
    }
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
