/**
 * The heap of a wasm backend, its allocations between guard words. Arenas start as NaN, not as zeros, so that a kernel
 * that reads too far or writes too little gives wrong results. Below guarded-wasm.ts.
 */
import type { Heap } from '../../src/backends/wasm/memory.ts';

/** Bytes on either side; a multiple of a cache line, so that what is between stays aligned. */
const guardBytes = 256;
/** A NaN that no kernel makes. */
const guardWord = 0xffa5a5a5;

/** A run of bytes in linear memory. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export class GuardedHeap {
  /** Live allocations by their addresses, without the guards. */
  readonly allocations: Map<number, { readonly what: string; readonly range: Range }> = new Map();
  private readonly heap: Heap;

  /** From now on `heap` is guarded; `onAllocate` is told what an allocation has written, guards and all. */
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

  /** Says of the first byte that is another than `before`, outside of what was allowed, where it lies. */
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
