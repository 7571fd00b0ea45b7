/** Checks the options of `fit` and fills in defaults. */
import { boolean, fraction, integer, options } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import { checkCallbacks } from './callbacks.ts';
import type { Callback } from './callbacks.ts';
import type { DataLike, FeatureData } from '../data/features.ts';
import { checkBatchSize, checkSamples, trainedSamples } from './samples.ts';
import type { DataSpec, Samples } from './samples.ts';

export interface FitOptions {
  /**
   * Index of the epoch to stop before, as in Keras. With `initialEpoch` 0 it is the number of epochs. Default `initialEpoch` + 1.
   */
  readonly epochs?: number;
  /** Index of the first epoch. Set it to resume training. Default 0. */
  readonly initialEpoch?: number;
  /** Samples per step. Default 32, or the number of samples if that is smaller. */
  readonly batchSize?: number;
  /** Fraction of the samples, taken from the end, that is held out for validation. In [0, 1). Default 0. */
  readonly validationSplit?: number;
  /** Features and labels for validation. Overrides `validationSplit`. */
  readonly validationData?: readonly [FeatureData, DataLike];
  /** Whether to shuffle the training samples in every epoch. Default true. */
  readonly shuffle?: boolean;
  readonly callbacks?: Callback | readonly Callback[];
  /** Seed for shuffling. Default: the seed of the model. */
  readonly seed?: number;
}

export interface FitPlan {
  readonly samples: Samples;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly batchSize: number;
  /** Number of training samples. They come first; the rest is held out for validation. */
  readonly trained: number;
  readonly validation: Samples | null;
  readonly shuffle: boolean;
  readonly callbacks: readonly Callback[];
  readonly seed: number | undefined;
}

/** Argument type for the options of `fit`. `planFit` checks combinations of options. */
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

/** Checks data and options of `fit` and fills in defaults. Throws typed errors with messages that begin with `fit:`. */
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
