/** Callbacks that change the learning rate between epochs. They add it to the logs as `learningRate`. */
import { callable, checkArguments, integer, number, required } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { ValueError } from '../core/errors.ts';
import { checkHook } from './callbacks.ts';
import type { Callback } from './callbacks.ts';
import { Monitor, monitorOptions } from './monitor.ts';
import type { MonitorOptions } from './monitor.ts';

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** Each reduction multiplies the learning rate by this factor, between 0 and 1. Default 0.1. */
  readonly factor?: number;
  /** Number of epochs after a reduction that do not count towards `patience`. Default 0. */
  readonly cooldown?: number;
  /** Lower bound of the learning rate. Default 0. */
  readonly minLearningRate?: number;
}

/**
 * Reduces the learning rate when the monitored value (default `val_loss`) has not improved by at least `minDelta` (default
 * 0.0001) for `patience` epochs (default 10).
 *
 * @returns a callback for `fit`
 * @throws ValueError for options out of range, and during `fit` if the logs do not contain the monitored value
 * @example
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: reduceLROnPlateau({ factor: 0.5, patience: 5 }) });
 */
export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Callback {
  const isFactor = (value: unknown): boolean => typeof value === 'number' && value > 0 && value < 1;
  checkArguments('reduceLROnPlateau', arguments, {
    options: monitorOptions({
      factor: { expected: 'a number between 0 and 1', accepts: isFactor },
      cooldown: integer(0),
      minLearningRate: number(0),
    }),
  });
  const { factor = 0.1, cooldown = 0, minLearningRate = 0 } = options;
  const monitor = new Monitor('reduceLROnPlateau', options, { patience: 10, minDelta: 1e-4 });
  let resting = 0;
  return {
    onTrainBegin() {
      monitor.reset();
      resting = 0;
    },
    onEpochEnd(_epoch, logs, model) {
      checkHook('reduceLROnPlateau', { logs, model });
      logs['learningRate'] = model.learningRate;
      const improved = monitor.improved(logs);
      if (resting > 0) {
        resting -= 1;
        monitor.waited = improved || resting > 0 ? 0 : 1; // cooldown epochs do not count
      }
      if (improved || resting > 0 || monitor.waited < Math.max(1, monitor.patience)) return;
      if (model.learningRate > minLearningRate) {
        model.learningRate = Math.max(minLearningRate, model.learningRate * factor);
        resting = cooldown;
        monitor.waited = 0;
      }
    },
  };
}

/**
 * Sets the learning rate at the start of every epoch.
 *
 * @param schedule a function from the epoch, counted from 0, and the current rate to the new rate, a finite number ≥ 0
 * @returns a callback for `fit`
 * @throws ValueError during `fit` if the schedule returns anything else
 * @example
 * await model.fit(x, y, { epochs: 20, callbacks: learningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.9)) });
 */
export function learningRateScheduler(schedule: (epoch: number, learningRate: number) => number): Callback {
  checkArguments('learningRateScheduler', arguments, { schedule: required(callable) });
  return {
    onEpochBegin(epoch, model) {
      checkHook('learningRateScheduler', { model });
      const rate = schedule(epoch, model.learningRate);
      if (!Number.isFinite(rate) || rate < 0) {
        throw new ValueError(
          `learningRateScheduler: the schedule must give a number ≥ 0, not ${describe(rate)} for epoch ${epoch}`,
        );
      }
      model.learningRate = rate;
    },
    onEpochEnd(_epoch, logs, model) {
      checkHook('learningRateScheduler', { logs, model });
      logs['learningRate'] = model.learningRate;
    },
  };
}
