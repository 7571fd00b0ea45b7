/**
 * A fair readers–writer lock for sets of variables, shared by all models. Each prediction or evaluation reads one consistent
 * state of the weights for all samples. Conflicting requests run in the order in which they were made.
 */
import type { Variable } from '../graph/node.ts';

interface Lock {
  readonly variables: ReadonlySet<Variable>;
  /** Whether the lock is for writing. */
  readonly writes: boolean;
  /** Resolves when the lock is released. */
  readonly done: Promise<void>;
}

/** Locks that are held or waited for, in request order. */
const locks = new Set<Lock>();

/** Requests a lock. Returns a promise of the earlier conflicting locks (null if there are none) and a function to release it. */
function requestLock(
  variables: readonly Variable[],
  writes: boolean,
): { earlier: Promise<unknown> | null; end: () => void } {
  const earlier = [...locks].filter(
    (lock) => (writes || lock.writes) && variables.some((variable) => lock.variables.has(variable)),
  );
  let resolve!: () => void;
  const done = new Promise<void>((settle) => (resolve = settle));
  const lock: Lock = { variables: new Set(variables), writes, done };
  locks.add(lock);
  const end = (): void => {
    locks.delete(lock);
    resolve();
  };
  return { earlier: earlier.length === 0 ? null : Promise.all(earlier.map((other) => other.done)), end };
}

/**
 * Runs `run` while it holds a lock on `variables`.
 *
 * @param writes whether `run` writes the variables. If not, it may run concurrently with other readers.
 */
export async function withLock<T>(variables: readonly Variable[], writes: boolean, run: () => Promise<T>): Promise<T> {
  const { earlier, end } = requestLock(variables, writes);
  try {
    if (earlier) await earlier;
    return await run();
  } finally {
    end();
  }
}

/**
 * Calls `write`, which writes `variables`, under a write lock: synchronously if no earlier request uses the variables.
 *
 * @returns undefined if `write` was called, else a promise that resolves after the call
 */
export function writeWithLock(variables: readonly Variable[], write: () => void): Promise<void> | undefined {
  const { earlier, end } = requestLock(variables, true);
  if (earlier) return earlier.then(write).finally(end);
  try {
    write();
  } finally {
    end();
  }
  return undefined;
}
