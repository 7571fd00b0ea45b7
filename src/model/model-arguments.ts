/** What the methods of a model take: their options, and the tables that check them. */
import { anything, arrayOf, having, integer, options, required, string } from '../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../core/arguments.ts';
import type { Engine } from '../engine.ts';
import { Layer } from '../nn/layer.ts';
import { HostTensor } from '../data/tensor.ts';

export interface ModelOptions {
  /**
   * Default: one is made when it is needed, on the best backend there is. Models that share layers share that engine too: those
   * that have already run on engines of their own are moved to one when a model uses layers of both.
   */
  readonly engine?: Engine;
  /** Of the first weights, the shuffling and the dropout. Default: another each time. */
  readonly seed?: number;
  readonly name?: string;
}

export interface BatchOptions {
  /** Samples at a time. Default 32. */
  readonly batchSize?: number;
}

/** What the options of a model may be, with those of the function that makes it. */
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

/** What data may be is checked when they are made tensors. */
export const data: ArgumentType = required(anything);

export const batchOptions = (): ArgumentType => options({ batchSize: integer(1) });
