/** The options of `fit`, checked and completed. */
import { ValueError } from '../core/errors.ts';
import { requireInteger } from '../ops/op.ts';
import type { Callback } from './callbacks.ts';
import type { DataLike, FeatureData } from './data.ts';
import { checkBatchSize, checkSamples, pairOf, trainedSamples } from './model-data.ts';
import type { DataSpec, Samples } from './model-data.ts';

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

/** Throws typed errors that begin with `fit:`. */
export function planFit(x: FeatureData, y: DataLike, options: FitOptions, spec: DataSpec): FitPlan {
  const { validationData, validationSplit = 0, shuffle = true, callbacks = [], seed } = options;
  const samples = checkSamples('fit', x, y, spec);
  const { initialEpoch = 0, epochs = initialEpoch + 1 } = options;
  requireInteger('fit', 'initialEpoch', initialEpoch, 0);
  requireInteger('fit', 'epochs', epochs, 0);
  if (epochs <= initialEpoch) {
    throw new ValueError(
      `fit: epochs ${epochs} must be greater than initialEpoch ${initialEpoch}: it is the epoch to stop before, ` +
        `not a number of further epochs`,
    );
  }
  const given = validationData && pairOf('fit', validationData);
  const trained = given ? samples.count : trainedSamples(samples.count, validationSplit);
  return {
    samples,
    epochs,
    initialEpoch,
    batchSize: checkBatchSize('fit', options.batchSize, trained),
    trained,
    validation: given ? checkSamples('fit: validationData', given[0], given[1], spec) : null,
    shuffle,
    callbacks: Array.isArray(callbacks) ? (callbacks as readonly Callback[]) : [callbacks as Callback],
    seed,
  };
}
