/** The engine of one model, from call to call: it changes when the group of the model becomes part of another one. */
import { rawOf } from '../core/raw.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import type { Topology } from '../nn/topology.ts';
import type { WeightCheck } from '../train/check-weights.ts';
import type { ProgramCache } from '../train/program-cache.ts';
import type { Group } from '../variables/homes.ts';
import { claimEngine, leaveEngine, releaseVariables, ungroup } from '../variables/shared-engines.ts';
import { attach, prepareValues } from '../variables/store.ts';
import { multiplyAdds } from './work.ts';

/** The engine of a call. */
export interface ModelClaim {
  readonly group: Group;
  /** Gives the variables memory there. To be called in the turn of the call. */
  readonly ready: () => Promise<Engine>;
}

export class ModelEngine {
  /** Where the last call ran. */
  current: Engine | null = null;
  /** Stands for the model, which may be reached through a `Proxy`. */
  readonly #user = Symbol('model');
  readonly #given: Engine | null;
  readonly #cache: ProgramCache;
  readonly #weightCheck: WeightCheck;
  #group: Group | undefined;

  /**
   * @param given the engine that the user gave
   * @param cache the model's programs, which are freed when it runs on another engine than before; so is `weightCheck`
   */
  constructor(given: Engine | undefined, cache: ProgramCache, weightCheck: WeightCheck) {
    this.#given = given ? rawOf(given) : null;
    this.#cache = cache;
    this.#weightCheck = weightCheck;
  }

  /**
   * Finds the engine for a call with steps of `batch` samples. To be called before the turn of the call is taken.
   *
   * @param state variables that the call uses beside the weights
   * @throws StateError as `claimEngine` does
   */
  claim(topology: Topology, state: readonly Variable[], batch: number): ModelClaim {
    const variables = [...topology.weights, ...state];
    const work = (): number => multiplyAdds(topology, batch);
    const { group, engine } = claimEngine(this.#user, this.#given, variables, this.#group, work);
    this.#group = group;
    return { group, ready: async () => this.#attach(await engine, variables) };
  }

  async #attach(engine: Engine, variables: readonly Variable[]): Promise<Engine> {
    if (this.current !== engine) {
      this.#cache.clear();
      this.#weightCheck.dispose();
      this.current = engine;
    }
    await prepareValues(variables);
    try {
      attach(this.#user, engine, variables);
    } catch (error) {
      // An engine that the user has disposed does not bind weights that it could not take.
      if (this.#given) ungroup(variables);
      throw error;
    }
    return engine;
  }

  /** Frees the memory of those `variables` that no other model uses, after the calls that run. */
  release(variables: readonly Variable[]): void {
    releaseVariables(this.#user, variables);
  }

  /** Frees all `variables` of the model so, and the engine when models made it and no other one needs it. */
  leave(variables: readonly Variable[]): void {
    leaveEngine(this.#user, variables, this.#group);
  }
}
