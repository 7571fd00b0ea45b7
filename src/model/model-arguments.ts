/** Options of models and their methods, and the argument types that check them. */
import { anything, arrayOf, having, integer, options, required, string } from '../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../core/arguments.ts';
import type { Engine } from '../engine.ts';
import { Layer } from '../nn/layer.ts';
import { HostTensor } from '../data/tensor.ts';

export interface ModelOptions {
  /**
   * The engine to run on. By default an engine on the best available backend is created when it is first needed. Models that
   * share layers share that engine. If they already ran on different default engines, all are moved to one when a model uses
   * layers of both.
   */
  readonly engine?: Engine;
  /** Seed for initial weights, shuffling and dropout. Default: random. */
  readonly seed?: number;
  readonly name?: string;
}

export interface BatchOptions {
  /** Samples per step. Default 32. */
  readonly batchSize?: number;
}

/** Argument type for the options of a model, plus the options `own` of the function that creates it. */
export function modelOptions(own?: ArgumentTable): ArgumentType {
  const engine = having('an engine, such as await createEngine() returns', 'compile', 'allocate', 'write', 'read');
  return options({ ...own, engine, seed: integer(), name: string });
}

const layer: ArgumentType = { expected: 'a layer', accepts: (value) => value instanceof Layer };

export const layerList = (): ArgumentType => required(arrayOf(layer, 'an array of layers'));

const hostTensor: ArgumentType = {
  expected: 'a tensor, such as tensor([[1, 2]])',
  accepts: (value) => value instanceof HostTensor,
};

export const weightList = (): ArgumentType =>
  required(arrayOf(hostTensor, 'an array of tensors, as getWeights() returns'));

/** Data are checked when they are converted to tensors. */
export const data: ArgumentType = required(anything);

export const batchOptions = (): ArgumentType => options({ batchSize: integer(1) });
