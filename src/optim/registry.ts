/** Built-in optimizers by name, for `compile({ optimizer: 'adam' })` and for loading files. */
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

/** Resolves a name to an optimizer with default options; returns an optimizer as is. Throws `ValueError` for an unknown name. */
export function optimizerFromName(optimizer: OptimizerName | Optimizer): Optimizer {
  return typeof optimizer === 'object' ? optimizer : lookUp('optimizer', optimizer, optimizers)({} as never);
}

/** Recreates an optimizer from its saved `name` and `config()`. Throws `ValueError` for an unknown name or an invalid option. */
export function optimizerFromConfig(name: string, config: Readonly<Record<string, unknown>>): Optimizer {
  const { learningRate } = config;
  const rate = typeof learningRate === 'object' ? scheduleFromConfig(learningRate as never) : learningRate;
  return lookUp('optimizer', name, optimizers)({ ...config, learningRate: rate } as never);
}
