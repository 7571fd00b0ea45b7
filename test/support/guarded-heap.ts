/**
 * Surrounds the heap allocations of a wasm backend with guard words. Arenas are initialised with NaN instead of zeros, so that a
 * kernel that reads out of bounds or writes too little gives wrong results. Used by guarded-wasm.ts.
 */
import type { Heap } from '../../src/backends/wasm/memory.ts';

/** Bytes of guard words on each side: a multiple of the cache line, to preserve alignment. */
const guardBytes = 256;
/** A NaN pattern that no kernel produces. */
const guardWord = 0xffa5a5a5;

/** A range of bytes in linear memory. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export class GuardedHeap {
  /** Live allocations by address, without guards. */
  readonly allocations: Map<number, { readonly what: string; readonly range: Range }> = new Map();
  private readonly heap: Heap;

  /** Guards `heap` from now on. `onAllocate` receives the range that an allocation has written, including guards. */
  constructor(heap: Heap, onAllocate: (written: Range) => void) {
    this.heap = heap;
    const [allocate, release] = [heap.allocate.bind(heap), heap.release.bind(heap)];
    heap.allocate = (bytes, what) => {
      const start = allocate(bytes + 2 * guardBytes, what) + guardBytes;
      const all = { start: start - guardBytes, end: start + Math.ceil((bytes + guardBytes) / 64) * 64 };
      new Uint32Array(heap.memory.buffer, all.start, (all.end - all.start) / 4).fill(guardWord);
      if (what !== 'the arena') new Uint8Array(heap.memory.buffer, start, bytes).fill(0);
      this.allocations.set(start, { what, range: { start, end: start + bytes } });
      onAllocate(all);
      return start;
    };
    heap.release = (address) => {
      if (this.allocations.delete(address)) release(address - guardBytes);
    };
  }

  get memory(): Uint8Array {
    return new Uint8Array(this.heap.memory.buffer);
  }

  /** Describes the location of the first byte outside the allowed ranges that differs from `before`. */
  changeSince(before: Uint8Array, allowed: readonly Range[]): string | null {
    const { memory } = this;
    let at = 0;
    const end: Range = { start: before.length, end: Infinity };
    for (const range of [...allowed, end].sort((a, b) => a.start - b.start)) {
      for (; at < range.start; at++) if (memory[at] !== before[at]) return this.nameOf(at);
      at = Math.max(at, range.end);
    }
    return null;
  }

  private nameOf(at: number): string {
    for (const { what, range } of this.allocations.values()) {
      if (at >= range.start && at < range.end) return `byte ${at - range.start} of ${what}`;
      if (at >= range.start - guardBytes && at < range.start) return `${range.start - at} bytes before ${what}`;
      if (at >= range.end && at < range.end + guardBytes) return `${at - range.end} bytes behind ${what}`;
    }
    return `byte ${at} of free memory`;
  }
}
