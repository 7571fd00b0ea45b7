/**
 * Caches programs and their memory for later calls with the same shapes. A page that predicts at every pen stroke, or a loop
 * of `trainOnBatch`, compiles only once. A program is removed from the cache while it is in use, so that concurrent calls
 * never share one.
 */
import type { DataSet } from '../data/data-set.ts';
import type { StepProgram } from './program.ts';

export interface Prepared<P extends StepProgram = StepProgram> {
  readonly data: DataSet;
  readonly program: P;
}

/** Maximum number of cached programs and of their total bytes. The most recent program is retained regardless of its size. */
const maxPrograms = 4;
const maxBytes = 64 * 2 ** 20;

/** Bytes of the data and of intermediate values. */
function bytesOf({ data, program }: Prepared): number {
  const between = program.parts.flatMap(({ executable }) => executable.program.allocations);
  return between.reduce((sum, bytes) => sum + bytes, data.bytes);
}

export function disposePrepared({ data, program }: Prepared): void {
  program.dispose();
  data.release();
}

export class ProgramCache {
  readonly #entries = new Map<string, Prepared>();
  #closed = false;
  #generation = 0;

  /** Incremented when the cache is cleared. Programs of an earlier generation are stale. */
  get generation(): number {
    return this.#generation;
  }

  /** Removes and returns the entry of `key`. */
  take(key: string): Prepared | undefined {
    const found = this.#entries.get(key);
    this.#entries.delete(key);
    return found;
  }

  /**
   * Caches `prepared` and disposes the oldest entries beyond the limits.
   *
   * @param generation `generation` when `prepared` was compiled. A stale program is disposed instead.
   */
  put(key: string, prepared: Prepared, generation: number): void {
    if (this.#closed || generation !== this.#generation || this.#entries.has(key)) {
      disposePrepared(prepared);
      return;
    }
    this.#entries.set(key, prepared);
    let bytes = [...this.#entries.values()].reduce((sum, each) => sum + bytesOf(each), 0);
    for (const [oldest, each] of [...this.#entries]) {
      if (this.#entries.size === 1 || (this.#entries.size <= maxPrograms && bytes <= maxBytes)) return;
      bytes -= bytesOf(each);
      disposePrepared(this.take(oldest)!);
    }
  }

  /** Disposes all entries. Programs in use are disposed when they are put back. */
  clear(): void {
    for (const prepared of this.#entries.values()) disposePrepared(prepared);
    this.#entries.clear();
    this.#generation += 1;
  }

  /** Disposes all entries, and from then on every program that is put back. */
  close(): void {
    this.#closed = true;
    this.clear();
  }
}
