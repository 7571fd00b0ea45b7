/**
 * A fair readers–writer lock for sets of variables, shared by all models. Each prediction or evaluation reads one consistent
 * state of the weights for all samples. Conflicting requests run in the order in which they were made.
 */
import type { Variable } from '../graph/node.ts';

interface Turn {
  readonly variables: ReadonlySet<Variable>;
  /** Whether the lock is for writing. */
  readonly changes: boolean;
  /** Resolves when the lock is released. */
  readonly done: Promise<void>;
}

/** Locks that are held or waited for, in request order. */
const open = new Set<Turn>();

/** Requests a lock. Returns a promise of the earlier conflicting locks (null if there are none) and a function to release it. */
function take(variables: readonly Variable[], changes: boolean): { earlier: Promise<unknown> | null; end: () => void } {
  const earlier = [...open].filter(
    (turn) => (changes || turn.changes) && variables.some((variable) => turn.variables.has(variable)),
  );
  let resolve!: () => void;
  const done = new Promise<void>((settle) => (resolve = settle));
  const turn: Turn = { variables: new Set(variables), changes, done };
  open.add(turn);
  const end = (): void => {
    open.delete(turn);
    resolve();
  };
  return { earlier: earlier.length === 0 ? null : Promise.all(earlier.map((other) => other.done)), end };
}

/**
 * Runs `pass` while it holds a lock on `variables`.
 *
 * @param changes whether `pass` writes the variables. If not, it may run concurrently with other readers.
 */
export async function inTurn<T>(variables: readonly Variable[], changes: boolean, pass: () => Promise<T>): Promise<T> {
  const { earlier, end } = take(variables, changes);
  try {
    if (earlier) await earlier;
    return await pass();
  } finally {
    end();
  }
}

/**
 * Calls `make`, which writes `variables`, under a write lock: synchronously if no earlier request uses the variables.
 *
 * @returns undefined if `make` was called, else a promise that resolves after the call
 */
export function changeInTurn(variables: readonly Variable[], make: () => void): Promise<void> | undefined {
  const { earlier, end } = take(variables, true);
  if (earlier) return earlier.then(make).finally(end);
  try {
    make();
  } finally {
    end();
  }
  return undefined;
}
