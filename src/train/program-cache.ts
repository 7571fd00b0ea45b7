/**
 * Programs for small data, kept with their memory for the next call of the same shapes: a page that predicts at every
 * stroke, or a loop of `trainOnBatch`, prepares once. A program in use is out of the cache, so that calls that overlap
 * have one each.
 */
import type { DataSet } from './data-set.ts';
import type { StepProgram } from './program.ts';

export interface Prepared<P extends StepProgram = StepProgram> {
  readonly data: DataSet;
  readonly program: P;
}

/** Programs that are kept, and the bytes that one of them may hold. */
const places = 4;
const mostBytes = 2 ** 20;

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

  /** Keeps `prepared`, of `generation` and holding `bytes`, or disposes it where it is too large or too old. */
  put(key: string, prepared: Prepared, bytes: number, generation: number): void {
    if (this.#closed || generation !== this.#cleared || bytes > mostBytes || this.#kept.has(key)) {
      disposePrepared(prepared);
      return;
    }
    this.#kept.set(key, prepared);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > places) disposePrepared(this.take(oldest!)!);
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
