/** Shared by callbacks that monitor one value of the logs: tracks the best value and the epochs since then. */
import { integer, number, oneOf, options, string } from '../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import type { Logs } from './sums.ts';

export type MonitorMode = 'auto' | 'min' | 'max';

export interface MonitorOptions {
  /** Name of the monitored value in the logs. Default `val_loss`. */
  readonly monitor?: string;
  /** Number of epochs without improvement before the callback acts. */
  readonly patience?: number;
  /** Minimum change that counts as an improvement. */
  readonly minDelta?: number;
  /** Whether lower (`min`) or higher (`max`) is better. `auto` means `max` for names with acc, precision, recall, f1 or auc. */
  readonly mode?: MonitorMode;
}

/** Argument type for the options of a monitoring callback: the shared ones and `own`. */
export function monitorOptions(own: ArgumentTable): ArgumentType {
  return options({
    monitor: string,
    patience: integer(0),
    minDelta: number(),
    mode: oneOf('auto', 'min', 'max'),
    ...own,
  });
}

const greaterIsBetter = /acc|auc|precision|recall|f1/i;

export class Monitor {
  readonly name: string;
  readonly patience: number;
  best: number = NaN;
  /** Epochs since the best value. */
  waited = 0;
  readonly #caller: string;
  readonly #sign: 1 | -1;
  readonly #minDelta: number;

  constructor(
    caller: string,
    options: MonitorOptions,
    defaults: Required<Pick<MonitorOptions, 'patience' | 'minDelta'>>,
  ) {
    const { monitor = 'val_loss', patience = defaults.patience, minDelta = defaults.minDelta, mode = 'auto' } = options;
    this.#caller = caller;
    this.name = monitor;
    this.patience = patience;
    this.#minDelta = Math.abs(minDelta);
    this.#sign = mode === 'max' || (mode === 'auto' && greaterIsBetter.test(monitor)) ? 1 : -1;
  }

  reset(): void {
    this.best = NaN;
    this.waited = 0;
  }

  /** Records the logs of one epoch. Returns true if the value is the best so far. Throws `ValueError` if it is missing. */
  improved(logs: Logs): boolean {
    const value = this.#valueIn(logs);
    this.waited += 1;
    if (!this.#isBetter(value)) return false;
    this.best = value;
    this.waited = 0;
    return true;
  }

  #isBetter(value: number): boolean {
    if (Number.isNaN(value)) return false;
    return Number.isNaN(this.best) || this.#sign * (value - this.best) > this.#minDelta;
  }

  #valueIn(logs: Logs): number {
    const value = logs[this.name];
    if (value === undefined) {
      const remedy = this.name.startsWith('val_')
        ? 'give fit validationData or a validationSplit'
        : 'check the metrics of compile()';
      throw new ValueError(
        `${this.#caller}: there is no '${this.name}' to monitor: the logs hold ${Object.keys(logs).join(', ')}: ${remedy}`,
      );
    }
    return value;
  }
}
