/** The options of `fit`, checked and completed. */
import { boolean, fraction, integer, options } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import { checkCallbacks } from './callbacks.ts';
import type { Callback } from './callbacks.ts';
import type { DataLike, FeatureData } from '../data/features.ts';
import { checkBatchSize, checkSamples, trainedSamples } from './samples.ts';
import type { DataSpec, Samples } from './samples.ts';

export interface FitOptions {
  /** The epoch to stop before, counted from 0. Default 1. */
  readonly epochs?: number;
  /** The epoch to start with: greater than 0 when training goes on. Default 0. */
  readonly initialEpoch?: number;
  /** Samples of a step. Default 32, or all where there are fewer. */
  readonly batchSize?: number;
  /** The fraction of the samples, at their end, that is held back to validate with. Default 0. */
  readonly validationSplit?: number;
  /** Features and labels to validate with; goes before `validationSplit`. */
  readonly validationData?: readonly [FeatureData, DataLike];
  /** A new order in every epoch. Default true. */
  readonly shuffle?: boolean;
  readonly callbacks?: Callback | readonly Callback[];
  /** Of the orders. Default: the model's. */
  readonly seed?: number;
}

export interface FitPlan {
  readonly samples: Samples;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly batchSize: number;
  /** The first so many samples are trained on. */
  readonly trained: number;
  readonly validation: Samples | null;
  readonly shuffle: boolean;
  readonly callbacks: readonly Callback[];
  readonly seed: number | undefined;
}

/** What the options of `fit` may be; what they are together is checked by `planFit`. */
export function fitOptions(): ArgumentType {
  return options({
    epochs: integer(0),
    initialEpoch: integer(0),
    batchSize: integer(1),
    validationSplit: fraction,
    validationData: {
      expected: '[x, y]: features and labels',
      accepts: (value) => Array.isArray(value) && value.length === 2,
    },
    shuffle: boolean,
    callbacks: {
      expected: 'a callback, or an array of callbacks',
      accepts: (value) => typeof value === 'object' && value !== null,
    },
    seed: integer(),
  });
}

/** Throws typed errors that begin with `fit:`. */
export function planFit(x: FeatureData, y: DataLike, chosen: FitOptions, spec: DataSpec): FitPlan {
  const { validationData, validationSplit = 0, shuffle = true, callbacks = [], seed } = chosen;
  const samples = checkSamples('fit', x, y, spec);
  const { initialEpoch = 0, epochs = initialEpoch + 1 } = chosen;
  if (epochs <= initialEpoch) {
    throw new ValueError(
      `fit: epochs ${epochs} must be greater than initialEpoch ${initialEpoch}: it is the epoch to stop before, ` +
        `not a number of further epochs`,
    );
  }
  const trained = validationData ? samples.count : trainedSamples(samples.count, validationSplit);
  return {
    samples,
    epochs,
    initialEpoch,
    batchSize: checkBatchSize('fit', chosen.batchSize, trained),
    trained,
    validation: validationData ? checkSamples('fit: validationData', validationData[0], validationData[1], spec) : null,
    shuffle,
    callbacks: checkCallbacks(callbacks),
    seed,
  };
}
