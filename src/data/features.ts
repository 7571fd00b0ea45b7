/**
 * What a user hands in as features, turned into tensors and checked against the model. Everything is told here, with
 * the index of the first bad sample, before anything goes to a device.
 */
import { describe } from '../core/describe.ts';
import { copied } from '../core/dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { convert, HostTensor, tensor } from './tensor.ts';
import type { NestedValues, NumericArray } from './tensor.ts';

/** Values of a known shape from another library. */
export interface ShapedData {
  readonly data: NumericArray | NestedValues;
  readonly shape: Shape;
  readonly scale?: number;
  readonly offset?: number;
}

/**
 * Samples along the first axis: a tensor, arrays in arrays, rows as typed arrays, a typed array of one axis, or values with
 * a shape.
 */
export type DataLike = HostTensor | ShapedData | NumericArray | NestedValues;

/** The features: for a model of several inputs a list with a tensor for each, in the order of the model's inputs. */
export type FeatureData = DataLike | readonly (HostTensor | ShapedData)[];

/** A layer that reads the data of an input, and may refuse them. */
export interface DataReader {
  checkData?(caller: string, name: string, features: HostTensor): void;
}

/** What a model takes at one input. */
export interface InputSpec {
  /** Of one sample. */
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

/** The features as one tensor for each input, without checks. */
export function toTensors(values: FeatureData): HostTensor[] {
  return listOf(values).map(toTensor);
}

/** A list with a tensor in it has several inputs: a row of values is never a tensor. */
function listOf(values: FeatureData): readonly DataLike[] {
  return Array.isArray(values) && values.some(isShaped) ? (values as readonly DataLike[]) : [values as DataLike];
}

/** The same in memory of its own: callers may change their arrays as soon as a call has returned its promise. */
export function toOwnTensor(values: DataLike): HostTensor {
  const given = toTensor(values);
  if (Array.isArray(values)) return given; // numbers in arrays were copied already
  if (given.data.length !== sizeOf(given.shape)) {
    throw new ValueError(
      `data: ${given.data.length} values are left of ${formatShape(given.shape)}: the array was transferred or resized, copy it first`,
    );
  }
  return new HostTensor(copied(given.data), given.shape, given.scale, given.offset);
}

/** The features in memory of their own, one tensor for each input. */
export function toOwnTensors(values: FeatureData): HostTensor[] {
  return listOf(values).map(toOwnTensor);
}

/**
 * Features that fit the model: one tensor [samples, ...shape] for each input, all finite.
 *
 * @param caller names the call in errors: `fit`
 * @throws ShapeError, DTypeError or ValueError with what was given, what was expected and what to do
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
        `${caller}: ${name} has shape ${formatShape(features.shape)}, expected ${formatSamples(shape)}${remedy(features, shape)}`,
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

/** Refuses NaN and infinity, also such as scale and offset make, naming the sample. */
export function checkFinite(caller: string, name: string, values: HostTensor): HostTensor {
  const { data, dtype, shape, scale, offset } = values;
  if (dtype === 'int32') return values; // finite, and scaled on the host
  // Bytes are finite: their scale makes the greatest values of 0 and 255.
  const looked = dtype === 'uint8' ? Uint8Array.of(0, 255) : data;
  for (let place = 0; place < looked.length; place++) {
    const value = Math.fround(looked[place]! * scale + offset);
    if (value - value === 0) continue; // not so for NaN and ±∞
    throw new ValueError(
      `${caller}: ${name} holds ${value} ${formatPlace(place, shape)}: clean the data first, ` +
        `for example replace missing values by the column's mean`,
    );
  }
  return values;
}

/**
 * What the device takes: whole numbers for indices, else float32. Bytes are left, with their scale: the device makes float32
 * of them.
 *
 * @throws DTypeError for values that the dtype cannot hold
 */
function asInput(where: string, values: HostTensor, dtype: 'float32' | 'int32'): HostTensor {
  return dtype === 'float32' && values.dtype !== 'int32' ? values : convert(where, values, dtype);
}

/** `[samples, 28, 28]` */
export function formatSamples(shape: Shape): string {
  return formatShape(['samples', ...shape] as unknown as Shape);
}

/** `in sample 3 at [0, 5]` */
export function formatPlace(place: number, [, ...shape]: Shape): string {
  const size = sizeOf(shape);
  if (shape.length === 0) return `in sample ${place}`;
  let rest = place % size;
  const index = shape.map((_, axis) => {
    const stride = sizeOf(shape.slice(axis + 1));
    const at = Math.floor(rest / stride);
    rest -= at * stride;
    return at;
  });
  return `in sample ${Math.floor(place / size)} at ${formatShape(index)}`;
}

function remedy({ shape: given }: HostTensor, expected: Shape): string {
  if (sameShape(given, expected)) return ': a single sample needs an axis of 1 in front';
  if (sizeOf(given.slice(1)) === sizeOf(expected))
    return `: the sizes agree: reshape the data to ${formatSamples(expected)}`;
  if (given.length === 1 && given[0]! % sizeOf(expected) === 0) {
    return `: give the values their shape, tensor(values, ${formatShape([given[0]! / sizeOf(expected), ...expected])})`;
  }
  return ': check the data, or the inputShape of the first layer';
}
