/** Ends a run that no longer gets better. */
import { boolean, checkArguments } from '../core/arguments.ts';
import type { HostTensor } from '../data/tensor.ts';
import { checkHook } from './callbacks.ts';
import type { Callback } from './callbacks.ts';
import { Monitor, monitorOptions } from './monitor.ts';
import type { MonitorOptions } from './monitor.ts';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Put the weights of the best epoch back at the end of training. Default false, as in Keras. */
  readonly restoreBestWeights?: boolean;
}

/**
 * Stops training when the monitored number (`val_loss`) has not improved for more than `patience` epochs (0), by at
 * least `minDelta` (0).
 *
 * @throws ValueError for options out of range, and in the run for a number that the logs do not hold
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkArguments('earlyStopping', arguments, { options: monitorOptions({ restoreBestWeights: boolean }) });
  const { restoreBestWeights = false } = options;
  const monitor = new Monitor('earlyStopping', options, { patience: 0, minDelta: 0 });
  let best: HostTensor[] | null = null;
  return {
    onTrainBegin() {
      monitor.reset();
      best = null;
    },
    async onEpochEnd(_epoch, logs, model) {
      checkHook('earlyStopping', { logs, model });
      if (monitor.improved(logs)) {
        if (restoreBestWeights) best = await model.getWeights();
      } else if (monitor.waited >= Math.max(1, monitor.patience)) model.stopTraining = true;
    },
    onTrainEnd(_logs, model) {
      if (best !== null) model.setWeights(best);
      best = null;
    },
  };
}
