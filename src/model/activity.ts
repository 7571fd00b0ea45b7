/**
 * Tracks the running calls of a model: at most one training call, and any number of passes (predictions, evaluations, reads).
 * Memory is not freed while passes use it.
 */
import { StateError } from '../core/errors.ts';

export class Activity {
  readonly #name: string;
  #running = '';
  #passes = 0;
  #afterwards: (() => void)[] = [];

  /** @param name name of the model, for error messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** Runs a call that trains the model. Throws `StateError` while another training call runs. */
  async exclusively<T>(caller: string, run: () => Promise<T>): Promise<T> {
    this.requireIdle(caller);
    this.#running = caller;
    try {
      return await run();
    } finally {
      this.#running = '';
    }
  }

  /** Throws `StateError` while a training call runs. */
  requireIdle(caller: string): void {
    if (this.#running === '') return;
    throw new StateError(
      `${caller}: '${this.#name}' is busy with ${this.#running}: await it first, or set stopTraining and await it`,
    );
  }

  /** Runs a pass that uses the memory of the model. */
  async pass<T>(run: () => Promise<T>): Promise<T> {
    this.#passes += 1;
    try {
      return await run();
    } finally {
      this.#passes -= 1;
      if (this.#passes === 0) for (const free of this.#afterwards.splice(0)) free();
    }
  }

  /** Calls `free` now, or when the last running pass ends. */
  whenIdle(free: () => void): void {
    if (this.#passes === 0) free();
    else this.#afterwards.push(free);
  }
}
