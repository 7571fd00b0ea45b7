/** Callbacks of `fit`, as in Keras. All methods are optional and may be async. */
import { callable, checkValue } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { suggest, ValueError } from '../core/errors.ts';
import type { HostTensor } from '../data/tensor.ts';
import type { Logs } from './sums.ts';

/** The part of a model that callbacks may use. */
export interface TrainedModel {
  /** Set to true to end training after the current chunk of steps. */
  stopTraining: boolean;
  /** The learning rate of the optimizer. Setting it throws `StateError` if the optimizer has a schedule. */
  learningRate: number;
  getWeights(): Promise<HostTensor[]>;
  setWeights(weights: readonly HostTensor[]): void;
}

/** Progress of a `fit` run. */
export interface Progress {
  /** Index of the current epoch, counted from 0 as in `History.epoch`. */
  readonly epoch: number;
  readonly epochs: number;
  /** Completed steps of this epoch. */
  readonly step: number;
  /** Total steps of this epoch. */
  readonly steps: number;
  /** Samples processed in this epoch. */
  readonly samples: number;
}

/**
 * Functions that `fit` calls while it trains.
 *
 * @example
 * await model.fit(x, y, { epochs: 5, callbacks: { onEpochEnd: (epoch, { loss }) => console.log(epoch, loss) } });
 */
export interface Callback {
  onTrainBegin?(model: TrainedModel): void | Promise<void>;
  onTrainEnd?(logs: Logs, model: TrainedModel): void | Promise<void>;
  onEpochBegin?(epoch: number, model: TrainedModel): void | Promise<void>;
  /** `logs` has loss and metrics, with validation results as `val_loss` and so on. A callback may add entries to it. */
  onEpochEnd?(epoch: number, logs: Logs, model: TrainedModel): void | Promise<void>;
  /** Called several times per second. `logs` has the results of the epoch up to a few tenths of a second ago; empty at first. */
  onChunkEnd?(progress: Progress, logs: Logs, model: TrainedModel): void | Promise<void>;
}

const hooks = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onChunkEnd'];

/**
 * Checks the callbacks of a run and returns them as an array. A callback may have additional properties and methods, except
 * ones whose names look like hooks.
 *
 * @throws ValueError for a value that is not a callback, or for an unknown hook
 */
export function checkCallbacks(given: Callback | readonly Callback[]): readonly Callback[] {
  const list = (Array.isArray(given) ? Array.from(given) : [given]) as readonly Callback[];
  list.forEach((callback, index) => {
    const where = `fit: callbacks[${index}]`;
    checkValue('fit', `callbacks[${index}]`, callback, isCallback);
    const known = hooks.filter((hook) => (callback as Readonly<Record<string, unknown>>)[hook] !== undefined);
    for (const hook of known) checkValue(where, hook, (callback as Readonly<Record<string, unknown>>)[hook], callable);
    const unknown = namesOf(callback).find((name) => /^on[A-Z_]/.test(name) && !hooks.includes(name));
    if (unknown === undefined && known.length > 0) return;
    const fault = unknown === undefined ? 'it has none of the hooks' : `there is no hook ${describe(unknown)}`;
    throw new ValueError(`${where}: ${fault}${suggest(unknown ?? '', hooks) || `: the hooks are ${hooks.join(', ')}`}`);
  });
  return list;
}

const isCallback: ArgumentType = {
  expected: 'a callback, such as earlyStopping()',
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  isRequired: true,
};

/** Returns property names of the object and of its prototype chain. */
function namesOf(callback: object): string[] {
  const names: string[] = [];
  for (let level: object | null = callback; level !== null; level = Object.getPrototypeOf(level) as object | null) {
    names.push(...Object.getOwnPropertyNames(level));
  }
  return names;
}

/** Throws `ValueError` if a hook was called directly without the logs or the model that `fit` passes. */
export function checkHook(caller: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const expected = name === 'model' ? 'the model that is trained' : 'an object of numbers by name';
    checkValue(caller, name, value, { ...isCallback, expected });
  }
}

/** Calls several callbacks in order. */
export class CallbackList {
  readonly #callbacks: readonly Callback[];
  readonly #model: TrainedModel;

  constructor(callbacks: readonly Callback[], model: TrainedModel) {
    this.#callbacks = callbacks;
    this.#model = model;
  }

  async onTrainBegin(): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainBegin?.(this.#model);
  }

  async onTrainEnd(logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(logs, this.#model);
  }

  async onEpochBegin(epoch: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochBegin?.(epoch, this.#model);
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochEnd?.(epoch, logs, this.#model);
  }

  async onChunkEnd(progress: Progress, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onChunkEnd?.(progress, { ...logs }, this.#model);
  }
}

/** Result of `fit`: the logs of every epoch. */
export interface History {
  /** Indices of the completed epochs. */
  readonly epoch: readonly number[];
  /** One array with a value per epoch for each name in the logs: `loss`, `accuracy`, `val_loss`, `val_accuracy`. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}
