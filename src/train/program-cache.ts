/**
 * Programs, kept with their memory for the next call of the same shapes: a page that predicts at every stroke, or a loop of
 * `trainOnBatch`, prepares once. A program in use is out of the cache, so that calls that overlap
 * have one each.
 */
import type { DataSet } from '../data/data-set.ts';
import type { StepProgram } from './program.ts';

export interface Prepared<P extends StepProgram = StepProgram> {
  readonly data: DataSet;
  readonly program: P;
}

/** The maximum number of retained programs, and of their bytes together; the most recent one is retained whatever its size. */
const places = 4;
const mostBytes = 64 * 2 ** 20;

/** Bytes of the data and of the values in between. */
function bytesOf({ data, program }: Prepared): number {
  const between = program.parts.flatMap(({ executable }) => executable.program.allocations);
  return between.reduce((sum, bytes) => sum + bytes, data.bytes);
}

export function disposePrepared({ data, program }: Prepared): void {
  program.dispose();
  data.release();
}

export class ProgramCache {
  readonly #kept = new Map<string, Prepared>();
  #closed = false;
  #cleared = 0;

  /** Changes when the cache is cleared: what was made before does not belong into it any more. */
  get generation(): number {
    return this.#cleared;
  }

  /** What was put under `key`, which is then no longer in the cache. */
  take(key: string): Prepared | undefined {
    const found = this.#kept.get(key);
    this.#kept.delete(key);
    return found;
  }

  /** Keeps `prepared`, made in `generation`, and disposes the oldest ones where that is too much; disposes it where it is too old. */
  put(key: string, prepared: Prepared, generation: number): void {
    if (this.#closed || generation !== this.#cleared || this.#kept.has(key)) {
      disposePrepared(prepared);
      return;
    }
    this.#kept.set(key, prepared);
    let bytes = [...this.#kept.values()].reduce((sum, each) => sum + bytesOf(each), 0);
    for (const [oldest, each] of [...this.#kept]) {
      if (this.#kept.size === 1 || (this.#kept.size <= places && bytes <= mostBytes)) return;
      bytes -= bytesOf(each);
      disposePrepared(this.take(oldest)!);
    }
  }

  /** Disposes everything. */
  clear(): void {
    for (const prepared of this.#kept.values()) disposePrepared(prepared);
    this.#kept.clear();
    this.#cleared += 1;
  }

  /** Disposes everything, and what is still put. */
  close(): void {
    this.#closed = true;
    this.clear();
  }
}
