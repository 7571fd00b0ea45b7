/**
 * The order of what reads and what changes variables, over all models: each prediction or evaluation reads one state of
 * the weights from its first sample to its last. What is asked for later never overtakes what it conflicts with.
 */
import type { Variable } from '../graph/node.ts';

interface Turn {
  readonly variables: ReadonlySet<Variable>;
  readonly changes: boolean;
  /** Resolves at the end of the turn. */
  readonly done: Promise<void>;
}

/** Turns that have not ended, in the order in which they were asked for. */
const open = new Set<Turn>();

/** A new turn: what it must wait for, null for nothing, and a function that ends it. */
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

/** Runs `pass` after the earlier turns that conflict: any that change `variables`, and, if it `changes` them, any that read them. */
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
 * Makes a change of `variables`: at once where no earlier turn has them, else after those.
 *
 * @returns undefined when it is made, else a promise of it
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
