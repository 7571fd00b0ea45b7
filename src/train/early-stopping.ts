/** A callback that stops training when the monitored value no longer improves. */
import { boolean, checkArguments } from '../core/arguments.ts';
import type { HostTensor } from '../data/tensor.ts';
import { checkHook } from './callbacks.ts';
import type { Callback } from './callbacks.ts';
import { Monitor, monitorOptions } from './monitor.ts';
import type { MonitorOptions } from './monitor.ts';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Whether to restore the weights of the best epoch at the end of training. Default false, as in Keras. */
  readonly restoreBestWeights?: boolean;
}

/**
 * Stops training when the monitored value (default `val_loss`) has not improved by more than `minDelta` (default 0) for
 * `patience` epochs. The default patience 0 stops after the first epoch without improvement, as 1 does.
 *
 * @returns a callback for `fit`
 * @throws ValueError for options out of range, and during `fit` if the logs do not contain the monitored value
 * @example
 * const stop = earlyStopping({ patience: 3, restoreBestWeights: true });
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: stop });
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
