/** What a model is doing: one call that trains at most, and any number of passes, which keep the memory that they use. */
import { StateError } from '../core/errors.ts';

export class Activity {
  readonly #name: string;
  #running = '';
  #passes = 0;
  #afterwards: (() => void)[] = [];

  /** @param name the model's, for errors */
  constructor(name: string) {
    this.#name = name;
  }

  /** Runs what trains the model. Throws `StateError` while another call does. */
  async exclusively<T>(caller: string, run: () => Promise<T>): Promise<T> {
    this.requireIdle(caller);
    this.#running = caller;
    try {
      return await run();
    } finally {
      this.#running = '';
    }
  }

  requireIdle(caller: string): void {
    if (this.#running === '') return;
    throw new StateError(
      `${caller}: '${this.#name}' is busy with ${this.#running}: await it first, or set stopTraining and await it`,
    );
  }

  /** Runs what uses the model's memory. */
  async pass<T>(run: () => Promise<T>): Promise<T> {
    this.#passes += 1;
    try {
      return await run();
    } finally {
      this.#passes -= 1;
      if (this.#passes === 0) for (const free of this.#afterwards.splice(0)) free();
    }
  }

  /** Frees memory now, or at the end of the last pass that runs. */
  whenFree(free: () => void): void {
    if (this.#passes === 0) free();
    else this.#afterwards.push(free);
  }
}
