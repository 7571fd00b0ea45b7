/**
 * Checks weights and optimizer state for NaN and infinity on the device. Checking layer outputs alone is not enough: relu or
 * clipping can turn the result of a non-finite weight into a finite number.
 */
import { NonFiniteError } from '../core/errors.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { constant } from '../ops/define.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { markFinite, uncheckedChanges } from '../variables/residency.ts';
import { FiniteWatch, watchedState } from './finite-watch.ts';
import type { Finding } from './finite-watch.ts';
import { stateError } from './results.ts';

/** Checks the weights of one model. The program is compiled once and runs only if a weight changed since the last check. */
export class WeightCheck {
  #check: Check | null = null;
  #coming: Promise<Check> | null = null;

  /**
   * @param caller name of the public method, for error messages
   * @param step number of completed training steps, for error messages
   * @throws NonFiniteError naming the first of `weights` that holds NaN or infinity
   */
  async run(engine: Engine, caller: string, weights: readonly Variable[], step: number): Promise<void> {
    if (uncheckedChanges(weights) === null) return;
    try {
      this.#check ??= await this.#prepare(engine, weights);
      const found = await this.#check.find();
      if (found) throw stateError(caller, found, step);
    } catch (error) {
      // The program cannot run, for example because memory was released. The next call compiles it again.
      if (!(error instanceof NonFiniteError)) this.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.#check?.dispose();
    this.#check = null;
  }

  async #prepare(engine: Engine, weights: readonly Variable[]): Promise<Check> {
    try {
      return await (this.#coming ??= prepareCheck(engine, weights));
    } finally {
      this.#coming = null;
    }
  }
}

/** Throws `NonFiniteError` naming the first weight, or else the first optimizer state, that holds NaN or infinity. */
export async function checkState(
  engine: Engine,
  caller: string,
  weights: readonly Variable[],
  optimizer: Optimizer,
  step: number,
): Promise<void> {
  if (weights.length === 0) return; // without trainable weights there is no optimizer state
  const check = await prepareCheck(engine, weights, optimizer);
  try {
    const found = await check.find();
    if (found) throw stateError(caller, found, step);
  } finally {
    check.dispose();
  }
}

interface Check {
  find(): Promise<Finding | null>;
  dispose(): void;
}

async function prepareCheck(engine: Engine, weights: readonly Variable[], optimizer?: Optimizer): Promise<Check> {
  const watch = new FiniteWatch(engine);
  const update = watch.updateFor(constant(0, [], 'int32'), watchedState(weights, optimizer));
  const executable = await engine.compile({ updates: [update] });
  return {
    async find() {
      const changes = uncheckedChanges(weights);
      watch.reset();
      executable.run(1);
      const found = await watch.find();
      if (!found && changes) markFinite(changes);
      return found;
    },
    dispose() {
      executable.dispose();
      engine.release([watch.flags]);
    },
  };
}
