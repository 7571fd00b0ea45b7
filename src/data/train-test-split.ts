/** Samples parted at random into those to train on, to validate with and to test with. On the host, before training. */
import { anything, boolean, checkArguments, fraction, integer, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import { keyFromSeed, permutation } from '../core/random.ts';
import type { HostTensor } from './tensor.ts';
import { toTensor } from './features.ts';
import type { DataLike } from './features.ts';
import { commonCount, requireArrays, takeRows } from './rows.ts';

export interface TrainTestSplitOptions {
  /** A fraction below 1, rounded up to whole samples, or a number of samples. Default 0.25. */
  readonly testSize?: number;
  /** As `testSize`, of all the samples. Default 0. */
  readonly validationSize?: number;
  /** Whether the samples are put in a random order first. Default true. */
  readonly shuffle?: boolean;
  /** Of the order; equal seeds give equal parts. Default 0. */
  readonly seed?: number;
}

/** What can be parted: what `fit` takes, or a list of anything, such as texts. */
export type Splittable = DataLike | readonly unknown[];

/** A list stays a list; what has a shape becomes a tensor. */
export type PartOf<T> = T extends readonly (infer E)[] ? E[] : HostTensor;

/** The part's share of each array, in the order of the arrays. */
export type PartsOf<T extends readonly unknown[]> = { -readonly [Index in keyof T]: PartOf<T[Index]> };

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
 * Parts several arrays in step, so that what belongs together stays together. Without shuffling the first samples are
 * for training and the last for testing. The values are copied.
 *
 * @param data arrays with as many samples each: tensors, typed arrays, values with a shape, lists of texts
 * @throws ShapeError where the counts differ; ValueError for sizes that leave nothing to train on
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
  const tests = samplesOf(testSize, count);
  const validations = samplesOf(validationSize, count);
  const trained = count - validations - tests;
  if (trained < 1) {
    throw new ValueError(
      `trainTestSplit: ${validations} samples to validate with and ${tests} to test with leave none of ${count} to train ` +
        `on: give smaller sizes, or more samples`,
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
    train: part(0, trained),
    validation: part(trained, trained + validations),
    test: part(trained + validations, count),
  };
}

function samplesOf(size: number, count: number): number {
  return size < 1 ? Math.ceil(size * count - 1e-9) : size; // 0.1 · 70 is 7.000000000000001
}
