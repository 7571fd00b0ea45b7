/** What may listen to a run and act on it: callbacks, as in Keras. All methods are optional and may be async. */
import { callable, checkValue } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { suggest, ValueError } from '../core/errors.ts';
import type { HostTensor } from '../data/tensor.ts';
import type { Logs } from './sums.ts';

/** The part of a model that callbacks work with. */
export interface TrainedModel {
  /** Set to true to end training after the chunk of steps at hand. */
  stopTraining: boolean;
  /** The optimizer's rate. Setting it throws `StateError` while a schedule decides it. */
  learningRate: number;
  getWeights(): Promise<HostTensor[]>;
  setWeights(weights: readonly HostTensor[]): void;
}

/** How far a run is. */
export interface Progress {
  /** From 0, as in `History.epoch`. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, and all of its steps. */
  readonly step: number;
  readonly steps: number;
  readonly samples: number;
}

export interface Callback {
  onTrainBegin?(model: TrainedModel): void | Promise<void>;
  onTrainEnd?(logs: Logs, model: TrainedModel): void | Promise<void>;
  onEpochBegin?(epoch: number, model: TrainedModel): void | Promise<void>;
  /** `logs` holds loss and metrics, and those of the validation data as `val_loss` … A callback may add to it. */
  onEpochEnd?(epoch: number, logs: Logs, model: TrainedModel): void | Promise<void>;
  /** Several times a second. `logs` are the epoch's so far, a few tenths of a second old; empty at first. */
  onChunkEnd?(progress: Progress, logs: Logs, model: TrainedModel): void | Promise<void>;
}

const hooks = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onChunkEnd'];

/**
 * The callbacks of a run as an array. They may have properties and methods of their own, but none that looks like a hook.
 *
 * @throws ValueError for what is no callback, and for a hook that does not exist
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

/** Own names and those of the classes above. */
function namesOf(callback: object): string[] {
  const names: string[] = [];
  for (let level: object | null = callback; level !== null; level = Object.getPrototypeOf(level) as object | null) {
    names.push(...Object.getOwnPropertyNames(level));
  }
  return names;
}

/** Throws `ValueError` for a hook that was called by hand without the logs or the model that `fit` gives. */
export function checkHook(caller: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const expected = name === 'model' ? 'the model that is trained' : 'an object of numbers by name';
    checkValue(caller, name, value, { ...isCallback, expected });
  }
}

/** Several callbacks as one, called in their order. */
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

/** What `fit` gives: the numbers of every epoch. */
export interface History {
  readonly epoch: readonly number[];
  /** One list for each name in the logs: `loss`, `accuracy`, `val_loss`, `val_accuracy`. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}
