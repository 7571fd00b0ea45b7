/** Converts predictions to class indices, and checks arrays of class indices for the host-side metrics. */
import { anything, checkArguments, number, options, required } from '../../core/arguments.ts';
import { describe } from '../../core/describe.ts';
import { ShapeError, ValueError } from '../../core/errors.ts';
import { formatShape } from '../../core/shape.ts';
import { readValues } from '../../core/values.ts';
import type { NestedValues, NumericArray } from '../../core/values.ts';
import { HostTensor, tensor } from '../../data/tensor.ts';

/** One number per sample: a tensor (scale and offset are applied), a typed array, numbers, big integers or booleans. */
export type ClassNumbers = HostTensor | NumericArray | NestedValues;

/**
 * Returns the class of each row of predictions or one-hot labels: the index of its maximum, the first one if several are equal.
 * For a single output, the class is 1 if the value is above `threshold` (default 0.5), otherwise 0. NaN never counts as
 * larger.
 *
 * @param predictions [samples, outputs], [samples, 1] or [samples], as returned by `predict`
 * @returns int32 class indices, one per sample
 * @throws ShapeError for another rank
 * @example
 * const classes = predictedClasses(await model.predict(x));
 */
export function predictedClasses(
  predictions: HostTensor | NumericArray | NestedValues,
  chosen: { readonly threshold?: number } = {},
): Int32Array {
  checkArguments('predictedClasses', arguments, {
    predictions: required(anything),
    options: options({ threshold: number() }),
  });
  const { threshold = 0.5 } = chosen;
  const { data, shape } = (predictions instanceof HostTensor ? predictions : tensor(predictions)).applyScale();
  const [samples, outputs = 1] = shape;
  if (samples === undefined || shape.length > 2) {
    throw new ShapeError(
      `predictedClasses: predictions ${formatShape(shape)} must be [samples] or [samples, outputs]: reshape them`,
    );
  }
  return Int32Array.from({ length: samples }, (_, sample) => {
    if (outputs === 1) return Number(data[sample]! > threshold);
    let [best, max] = [0, -Infinity];
    for (let output = 0; output < outputs; output++) {
      const value = data[sample * outputs + output]!;
      if (value > max) [best, max] = [output, value];
    }
    return best;
  });
}

/** Reads one number per sample. Throws `ShapeError` for several values per sample, `DTypeError` for non-numeric values. */
export function oneEach(caller: string, name: string, values: ClassNumbers): ArrayLike<number> {
  const where = `${caller}: ${name}`;
  const { data, shape } =
    values instanceof HostTensor ? values.applyScale(where) : readValues(where, values, 'float64');
  const [samples = 1] = shape;
  if (data.length === samples) return data;
  throw new ShapeError(
    `${where} has shape ${formatShape(shape)}, expected one number for each sample: ` +
      `predictedClasses() makes class numbers of probabilities and of one-hot labels`,
  );
}

/** Reads labels and predictions as class indices. Throws `ShapeError` for different lengths, `ValueError` for other numbers. */
export function checkClassNumbers(
  caller: string,
  given: { readonly labels: ClassNumbers; readonly predictions: ClassNumbers },
  numClasses: number = Infinity,
): readonly [labels: ArrayLike<number>, predictions: ArrayLike<number>] {
  const [labels, predictions] = [
    oneEach(caller, 'labels', given.labels),
    oneEach(caller, 'predictions', given.predictions),
  ];
  requireSameLength(caller, { labels, predictions });
  for (const [name, values] of Object.entries({ labels, predictions })) {
    for (let sample = 0; sample < values.length; sample++) {
      const value = values[sample]!;
      if (Number.isInteger(value) && value >= 0 && value < numClasses) continue;
      const most = numClasses === Infinity ? 'on' : `to ${numClasses - 1}`;
      throw new ValueError(
        `${caller}: ${name}[${sample}] is ${describe(value)}, expected a class number from 0 ${most}: ` +
          `predictedClasses() makes class numbers of probabilities`,
      );
    }
  }
  return [labels, predictions];
}

/** Throws `ShapeError` unless the two lists have the same length. */
export function requireSameLength(caller: string, lists: Readonly<Record<string, ArrayLike<number>>>): void {
  const [[first, a], [second, b]] = Object.entries(lists) as [[string, ArrayLike<number>], [string, ArrayLike<number>]];
  if (a.length === b.length) return;
  throw new ShapeError(`${caller}: there are ${a.length} ${first} and ${b.length} ${second}: they must be equal`);
}
