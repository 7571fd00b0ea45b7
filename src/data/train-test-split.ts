/** Randomly splits samples into training, validation and test sets, on the host. */
import { anything, boolean, checkArguments, fraction, integer, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import { keyFromSeed, permutation } from '../core/random.ts';
import type { HostTensor } from './tensor.ts';
import { toTensor } from './features.ts';
import type { DataLike } from './features.ts';
import { commonCount, requireArrays, takeRows } from './rows.ts';

/** Options of `trainTestSplit`. */
export interface TrainTestSplitOptions {
  /** Fraction of all samples (below 1, rounded up to whole samples) or number of samples. Default 0.25. */
  readonly testSize?: number;
  /** As `testSize`; a fraction also refers to all samples. Default 0. */
  readonly validationSize?: number;
  /** Shuffles the samples before splitting. Default true. */
  readonly shuffle?: boolean;
  /** Seed of the shuffling; equal seeds give equal splits. Default 0. */
  readonly seed?: number;
}

/** Data that can be split: anything that `fit` takes, or a list of arbitrary items, such as strings. */
export type Splittable = DataLike | readonly unknown[];

/** The type after splitting: a list remains a list, all other data become tensors. */
export type PartOf<T> = T extends readonly (infer E)[] ? E[] : HostTensor;

/** One subset of each array, in the order of the arrays. */
export type PartsOf<T extends readonly unknown[]> = { -readonly [Index in keyof T]: PartOf<T[Index]> };

/** The result of `trainTestSplit`. */
export interface TrainTestSplit<T extends readonly unknown[]> {
  readonly train: PartsOf<T>;
  readonly validation: PartsOf<T>;
  readonly test: PartsOf<T>;
}

const size: ArgumentType = {
  expected: 'a fraction from 0 to below 1, or a number of samples',
  accepts: (value) => fraction.accepts(value) || (Number.isSafeInteger(value) && (value as number) >= 0),
};

/**
 * Splits several arrays into training, validation and test sets; samples of the same index stay together. Without shuffling,
 * the first samples are the training set and the last ones the test set. Values are copied.
 *
 * @param data arrays with equal numbers of samples: tensors, typed arrays, values with a shape, or lists of strings
 * @throws ShapeError when the numbers of samples differ; ValueError when no samples remain for training
 * @example
 * const { train, test } = trainTestSplit([texts, labels], { testSize: 0.2, seed: 1 });
 * const [trainTexts, trainLabels] = train;
 */
export function trainTestSplit<const T extends readonly Splittable[]>(
  data: T,
  chosen: TrainTestSplitOptions = {},
): TrainTestSplit<T> {
  checkArguments('trainTestSplit', arguments, {
    data: required(anything),
    options: options({ testSize: size, validationSize: size, shuffle: boolean, seed: integer() }),
  });
  const { testSize = 0.25, validationSize = 0, shuffle = true, seed = 0 } = chosen;
  requireArrays('trainTestSplit', data);
  const arrays = data.map((values) => (Array.isArray(values) ? (values as unknown[]) : toTensor(values as DataLike)));
  const count = commonCount(
    'trainTestSplit',
    arrays.map((values) => (Array.isArray(values) ? values.length : values.shape[0])),
  );
  const testCount = samplesOf(testSize, count);
  const validationCount = samplesOf(validationSize, count);
  const trainCount = count - validationCount - testCount;
  if (trainCount < 1) {
    throw new ValueError(
      `trainTestSplit: ${validationCount} samples to validate with and ${testCount} to test with leave none of ${count} ` +
        `to train on: give smaller sizes, or more samples`,
    );
  }
  const order = shuffle
    ? permutation(keyFromSeed(seed), count)
    : Int32Array.from({ length: count }, (_, index) => index);
  const part = (begin: number, end: number): PartsOf<T> => {
    const samples = order.subarray(begin, end);
    const take = (values: unknown[] | HostTensor): unknown =>
      Array.isArray(values) ? Array.from(samples, (sample) => values[sample]) : takeRows(values, samples);
    return arrays.map(take) as PartsOf<T>;
  };
  return {
    train: part(0, trainCount),
    validation: part(trainCount, trainCount + validationCount),
    test: part(trainCount + validationCount, count),
  };
}

function samplesOf(size: number, count: number): number {
  return size < 1 ? Math.ceil(size * count - 1e-9) : size; // 0.1 · 70 = 7.000000000000001 in float64
}
