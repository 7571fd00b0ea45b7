/** The closed table of optimizers by name, for `compile({ optimizer: 'adam' })` and for loading. */
import { lookUp } from '../core/check.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamax } from './adamax.ts';
import { adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';
import { rmsprop } from './rmsprop.ts';
import { scheduleFromConfig } from './schedules.ts';
import { sgd } from './sgd.ts';

export type OptimizerName = 'sgd' | 'adam' | 'adamw' | 'adamax' | 'rmsprop' | 'adagrad';

export const optimizers: Readonly<Record<OptimizerName, (options: never) => Optimizer>> = {
  sgd,
  adam,
  adamw,
  adamax,
  rmsprop,
  adagrad,
};

/** The optimizer that a name stands for, with its defaults, or the optimizer itself. Throws `ValueError` for an unknown name. */
export function optimizerFromName(optimizer: OptimizerName | Optimizer): Optimizer {
  return typeof optimizer === 'object' ? optimizer : lookUp('optimizer', optimizer, optimizers)({} as never);
}

/** The optimizer whose `name` and `config()` were saved. Throws `ValueError` for an unknown name or a bad setting. */
export function optimizerFromConfig(name: string, config: Readonly<Record<string, unknown>>): Optimizer {
  const { learningRate } = config;
  const rate = typeof learningRate === 'object' ? scheduleFromConfig(learningRate as never) : learningRate;
  return lookUp('optimizer', name, optimizers)({ ...config, learningRate: rate } as never);
}
