/** Callbacks that change the learning rate between epochs. The logs then hold it as `learningRate`. */
import { callable, checkArguments, integer, number, required } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { ValueError } from '../core/errors.ts';
import { checkHook } from './callbacks.ts';
import type { Callback } from './callbacks.ts';
import { Monitor, monitorOptions } from './monitor.ts';
import type { MonitorOptions } from './monitor.ts';

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** The rate is multiplied by this. Default 0.1. */
  readonly factor?: number;
  /** Epochs after a reduction in which nothing is counted. Default 0. */
  readonly cooldown?: number;
  /** The rate never falls below this. Default 0. */
  readonly minLearningRate?: number;
}

/**
 * Lowers the learning rate when the monitored number (`val_loss`) has not improved for `patience` epochs (10), by at
 * least `minDelta` (0.0001).
 *
 * @throws ValueError for options out of range, and in the run for a number that the logs do not hold
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
        monitor.waited = improved || resting > 0 ? 0 : 1; // epochs of rest do not count
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
 * Sets the learning rate at the start of every epoch to `schedule(epoch, rate)`, epochs counted from 0.
 *
 * @throws ValueError in the run when the schedule gives no number ≥ 0
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
