/** The engine of one model. It changes when the model's engine group is merged into another one (`shared-engines.ts`). */
import { rawOf } from '../core/raw.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import type { Topology } from '../nn/topology.ts';
import type { WeightCheck } from '../train/check-weights.ts';
import type { ProgramCache } from '../train/program-cache.ts';
import type { EngineGroup } from '../variables/residency.ts';
import { claimEngine, releaseModel, releaseVariables, removeFromGroup } from '../variables/shared-engines.ts';
import { attach, prepareValues } from '../variables/store.ts';
import { multiplyAdds } from './work.ts';

/** The engine that a call of the model will run on. */
export interface ModelClaim {
  readonly group: EngineGroup;
  /** Allocates the variables on the engine and returns it. Must be called with the lock of the call held. */
  readonly ready: () => Promise<Engine>;
}

export class ModelEngine {
  /** The engine of the last call. */
  current: Engine | null = null;
  /** Identifies the model. The model itself cannot be the key, because it may be accessed through a `Proxy`. */
  readonly #user = Symbol('model');
  readonly #given: Engine | null;
  readonly #cache: ProgramCache;
  readonly #weightCheck: WeightCheck;
  #group: EngineGroup | undefined;

  /**
   * @param given the engine that the user passed to the model
   * @param cache programs of the model, freed when the engine changes
   * @param weightCheck weight check of the model, freed when the engine changes
   */
  constructor(given: Engine | undefined, cache: ProgramCache, weightCheck: WeightCheck) {
    this.#given = given ? rawOf(given) : null;
    this.#cache = cache;
    this.#weightCheck = weightCheck;
  }

  /**
   * Determines the engine for a call with `batch` samples per step. Must be called before the call requests its lock.
   *
   * @param state variables that the call uses in addition to the weights
   * @throws StateError under the conditions of `claimEngine`
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
      // If the user's engine was disposed, weights that it could not allocate may move to another engine.
      if (this.#given) removeFromGroup(variables);
      throw error;
    }
    return engine;
  }

  /** Frees the memory of `variables` that no other model uses, after running calls end. */
  release(variables: readonly Variable[]): void {
    releaseVariables(this.#user, variables);
  }

  /** Like `release`, for all `variables` of the model. Also disposes an engine that models created and no other model uses. */
  leave(variables: readonly Variable[]): void {
    releaseModel(this.#user, variables, this.#group);
  }
}
