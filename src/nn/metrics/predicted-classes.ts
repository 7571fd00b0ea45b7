/** From what a model predicts to class numbers, and arrays of class numbers checked: what counting on the host begins with. */
import { anything, checkArguments, number, options, required } from '../../core/arguments.ts';
import { describe } from '../../core/describe.ts';
import { ShapeError, ValueError } from '../../core/errors.ts';
import { formatShape } from '../../core/shape.ts';
import { readValues } from '../../core/values.ts';
import type { NestedValues, NumericArray } from '../../core/values.ts';
import { HostTensor, tensor } from '../../data/tensor.ts';

/** One number for each sample: a tensor, whose scale and offset count, a typed array, numbers, big integers or booleans. */
export type ClassNumbers = HostTensor | NumericArray | NestedValues;

/**
 * The class of each row of predictions, or of one-hot labels: the place of its greatest value, the first of equals; of a
 * single value 1 where it is above `threshold`, else 0. NaN is above nothing.
 *
 * @param predictions [samples, outputs], [samples, 1] or [samples], as `predict` gives them
 * @returns int32, one for each sample
 * @throws ShapeError for another rank
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
    let [best, greatest] = [0, -Infinity];
    for (let output = 0; output < outputs; output++) {
      const value = data[sample * outputs + output]!;
      if (value > greatest) [best, greatest] = [output, value];
    }
    return best;
  });
}

/** A list of numbers. Throws `ShapeError` for more than one value a sample, `DTypeError` for what is no number. */
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

/** Labels and predictions as lists of class numbers of one length. Throws `ShapeError` or `ValueError`. */
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

/** Throws `ShapeError` where two lists have not one length. */
export function requireSameLength(caller: string, lists: Readonly<Record<string, ArrayLike<number>>>): void {
  const [[first, a], [second, b]] = Object.entries(lists) as [[string, ArrayLike<number>], [string, ArrayLike<number>]];
  if (a.length === b.length) return;
  throw new ShapeError(`${caller}: there are ${a.length} ${first} and ${b.length} ${second}: they must be equal`);
}
