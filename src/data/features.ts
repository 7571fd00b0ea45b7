/**
 * Converts the user's features to tensors and checks them against the model. Errors are reported here, with the index of the
 * first invalid sample, before anything is uploaded to a device.
 */
import { describe } from '../core/describe.ts';
import { copied } from '../core/dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { convert, HostTensor, tensor } from './tensor.ts';
import type { NestedValues, NumericArray } from './tensor.ts';

/** Values with a shape, such as tensors of another library. */
export interface ShapedData {
  readonly data: NumericArray | NestedValues;
  readonly shape: Shape;
  readonly scale?: number;
  readonly offset?: number;
}

/**
 * Data with samples along the first axis: a tensor, nested arrays, an array of typed arrays (rows), a one-dimensional typed
 * array, or values with a shape.
 */
export type DataLike = HostTensor | ShapedData | NumericArray | NestedValues;

/** The features. A model with several inputs takes a list with one tensor per input, in the order of the inputs. */
export type FeatureData = DataLike | readonly (HostTensor | ShapedData)[];

/** A layer that reads the data of an input and may reject them. */
export interface DataReader {
  checkData?(caller: string, name: string, features: HostTensor): void;
}

/** What a model expects at one input. */
export interface InputSpec {
  /** Shape of one sample. */
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  /** The layers that read it. */
  readonly readers: readonly DataReader[];
}

export function toTensor(values: DataLike): HostTensor {
  if (values instanceof HostTensor) return values;
  if (values === null || typeof values !== 'object') {
    throw new DTypeError(`data: takes tensors, typed arrays or arrays of numbers, not ${describe(values)}`);
  }
  if (!isShaped(values)) return tensor(values);
  const { data, shape, scale, offset } = values;
  return tensor(data, shape, { ...(scale !== undefined && { scale }), ...(offset !== undefined && { offset }) });
}

function isShaped(values: unknown): values is HostTensor | ShapedData {
  return typeof values === 'object' && values !== null && 'data' in values && 'shape' in values;
}

/** Converts features to one tensor per input, without checks. */
export function toTensors(values: FeatureData): HostTensor[] {
  return listOf(values).map(toTensor);
}

/** A list that contains a tensor holds several inputs: a row of values is never a tensor. */
function listOf(values: FeatureData): readonly DataLike[] {
  return Array.isArray(values) && values.some(isShaped) ? (values as readonly DataLike[]) : [values as DataLike];
}

/** As `toTensor`, with copied data: callers may change their arrays as soon as a call has returned its promise. */
export function toCopiedTensor(values: DataLike): HostTensor {
  const given = toTensor(values);
  if (Array.isArray(values)) return given; // nested arrays were already copied
  if (given.data.length !== sizeOf(given.shape)) {
    throw new ValueError(
      `data: ${given.data.length} values are left of ${formatShape(given.shape)}: the array was transferred or resized, copy it first`,
    );
  }
  return new HostTensor(copied(given.data), given.shape, given.scale, given.offset);
}

/** Copies features into one tensor per input. */
export function toCopiedTensors(values: FeatureData): HostTensor[] {
  return listOf(values).map(toCopiedTensor);
}

/**
 * Checks features against the model and converts them to the dtypes of its inputs.
 *
 * @param caller name of the calling method in error messages, such as `fit`
 * @returns one finite tensor [samples, ...shape] per input
 * @throws ShapeError, DTypeError or ValueError that states what was given, what was expected and what to do
 */
export function checkFeatures(caller: string, given: readonly HostTensor[], specs: readonly InputSpec[]): HostTensor[] {
  if (given.length !== specs.length) {
    throw new ShapeError(
      `${caller}: the model takes ${specs.length} inputs, not ${given.length}: give a list of tensors`,
    );
  }
  const samples = given[0]!.shape[0];
  return given.map((features, index) => {
    const { shape, dtype, readers } = specs[index]!;
    const name = given.length === 1 ? 'x' : `x[${index}]`;
    if (features.shape.length === 0 || !sameShape(features.shape.slice(1), shape)) {
      throw new ShapeError(
        `${caller}: ${name} has shape ${formatShape(features.shape)}, expected ${formatSamples(shape)}${shapeHint(features, shape)}`,
      );
    }
    if (features.shape[0] === 0) throw new ValueError(`${caller}: ${name} has no samples: give at least one`);
    if (features.shape[0] !== samples) {
      throw new ShapeError(
        `${caller}: x[0] has ${samples} samples and ${name} has ${features.shape[0]}: they must be equal`,
      );
    }
    const where = `${caller}: ${name}`;
    checkFinite(caller, name, features);
    for (const layer of readers) layer.checkData?.(caller, name, features.applyScale(where));
    return asInput(where, features, dtype);
  });
}

/** Rejects NaN and infinity, also when scale and offset produce them. The error names the sample. */
export function checkFinite(caller: string, name: string, values: HostTensor): HostTensor {
  const { data, dtype, shape, scale, offset } = values;
  if (dtype === 'int32') return values; // finite, and scaled on the host
  // The scaled values of 0 and 255 bound those of all bytes.
  const checked = dtype === 'uint8' ? Uint8Array.of(0, 255) : data;
  for (let index = 0; index < checked.length; index++) {
    const value = Math.fround(checked[index]! * scale + offset);
    if (value - value === 0) continue; // false for NaN and ±∞
    throw new ValueError(
      `${caller}: ${name} holds ${value} ${formatPosition(index, shape)}: clean the data first, ` +
        `for example replace missing values by the column's mean`,
    );
  }
  return values;
}

/**
 * Converts values to the dtype of the input. uint8 values for a float32 input keep their dtype and scale: the device
 * converts them.
 *
 * @throws DTypeError for values that the dtype cannot represent
 */
function asInput(where: string, values: HostTensor, dtype: 'float32' | 'int32'): HostTensor {
  return dtype === 'float32' && values.dtype !== 'int32' ? values : convert(where, values, dtype);
}

/** `[samples, 28, 28]` */
export function formatSamples(shape: Shape): string {
  return formatShape(['samples', ...shape] as unknown as Shape);
}

/** Formats the flat index of a value for error messages: `in sample 3 at [0, 5]`. */
export function formatPosition(flatIndex: number, [, ...shape]: Shape): string {
  const size = sizeOf(shape);
  if (shape.length === 0) return `in sample ${flatIndex}`;
  let rest = flatIndex % size;
  const indices = shape.map((_, axis) => {
    const stride = sizeOf(shape.slice(axis + 1));
    const index = Math.floor(rest / stride);
    rest -= index * stride;
    return index;
  });
  return `in sample ${Math.floor(flatIndex / size)} at ${formatShape(indices)}`;
}

/** The end of an error message: what the user can do about the wrong shape. */
function shapeHint({ shape: given }: HostTensor, expected: Shape): string {
  if (sameShape(given, expected)) return ': a single sample needs an axis of 1 in front';
  if (sizeOf(given.slice(1)) === sizeOf(expected))
    return `: the sizes agree: reshape the data to ${formatSamples(expected)}`;
  if (given.length === 1 && given[0]! % sizeOf(expected) === 0) {
    return `: give the values their shape, tensor(values, ${formatShape([given[0]! / sizeOf(expected), ...expected])})`;
  }
  return ': check the data, or the inputShape of the first layer';
}
