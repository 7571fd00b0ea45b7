/**
 * What a user computes with, below the layers: symbolic tensors and the functions over them, inputs and parameters,
 * and tensors of values on the host. Above the engine in the data's way, below layers and training.
 */
import { anything, checkArguments, integer, options as optionsOf, required, string } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { dtypeOf, knownDType } from '../core/dtype.ts';
import { markRaw } from '../core/raw.ts';
import type { DType, TypedArray } from '../core/dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../core/errors.ts';
import { keyFromSeed, uniform } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import { checkShape, formatShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { readValues, roundToFloat32 } from '../core/values.ts';
import type { NestedValues, NumericArray } from '../core/values.ts';
import type { Constant, Node, Variable } from '../graph/node.ts';
import { constant, variable } from '../ops/define.ts';

/** A value of the graph: known by shape and dtype, computed when an executable runs. */
export type Tensor = Node;

/** Numbers in arrays in arrays, all of one length at each depth. */
export type NestedArray = readonly (number | NestedArray)[];

export type { NestedValues, NumericArray };

export interface TensorOptions {
  /** What the values are converted to: by default the typed array's own, float32 for plain numbers. */
  readonly dtype?: DType;
  /** Each value counts as value · scale + offset wherever it is read; uint8 features stay bytes on the device. */
  readonly scale?: number;
  readonly offset?: number;
}

/** Values on the host, row-major, with their shape. Made by `tensor()`; what `predict` gives. */
export class HostTensor {
  /** The values as they are stored: `applyScale()` has those that count. */
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly scale: number;
  readonly offset: number;

  constructor(data: TypedArray, shape: Shape, scale = 1, offset = 0) {
    this.dtype = dtypeOf(data);
    checkShape('tensor', shape);
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `tensor: ${data.length} values do not fill shape ${formatShape(shape)}: it takes ${sizeOf(shape)}`,
      );
    }
    if (!Number.isFinite(scale) || !Number.isFinite(offset)) {
      throw new ShapeError(`tensor: scale and offset must be finite, not ${describe(scale)} and ${describe(offset)}`);
    }
    markRaw(this);
    this.data = readValues('tensor', data).data;
    this.shape = [...shape];
    this.scale = scale;
    this.offset = offset;
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The values that count, value · scale + offset, computed in float64 and rounded to float32; the tensor itself where
   * scale is 1 and offset 0.
   *
   * @param caller starts the message of an error
   * @throws DTypeError for values that float32 cannot hold
   */
  applyScale(caller: string = 'tensor'): HostTensor {
    const { data, shape, scale, offset } = this;
    if (scale === 1 && offset === 0) return this;
    const scaled = Float64Array.from(data, (value) => value * scale + offset);
    const isWhole = this.dtype !== 'float32' && Number.isInteger(scale) && Number.isInteger(offset);
    return new HostTensor(roundToFloat32(caller, scaled, isWhole), shape);
  }

  /** The values, scale and offset applied, as arrays in arrays; a number for a scalar. */
  toArray(): number | NestedArray {
    const { data, shape } = this.applyScale();
    const build = (axis: number, from: number): number | NestedArray => {
      if (axis === shape.length) return data[from]!;
      const stride = sizeOf(shape.slice(axis + 1));
      return Array.from({ length: shape[axis]! }, (_, index) => build(axis + 1, from + index * stride));
    };
    return build(0, 0);
  }

  /** The values, scale and offset applied, as a constant of a graph: int32 without a scale as they are, all else as float32. */
  toConstant(): Constant {
    const { data, shape, dtype } = this.applyScale();
    return constant(data, shape, dtype === 'uint8' ? 'float32' : dtype);
  }
}

/**
 * Values on the host as a tensor. A typed array of float32, int32 or uint8 is kept, not copied. Other arrays of whole
 * numbers become int32, other numbers float32, booleans 0 and 1; values that would change, but for the rounding of decimal
 * numbers to float32, are refused.
 *
 * @param values a typed array, arrays in arrays, rows as typed arrays, a number, or an ArrayBuffer that holds values of `dtype`,
 *   bytes if none is given
 * @param shape of the values; by default that of the nesting
 * @param options the dtype, or the dtype with scale and offset: `tensor(bytes, [60000, 784], { scale: 1 / 255 })`
 * @throws ShapeError for rows of unequal length or values that do not fill the shape; DTypeError for what is no number, for
 *   an unknown dtype, and for values that the dtype cannot hold
 */
export function tensor(
  values: NumericArray | NestedValues | number | boolean | bigint,
  shape?: Shape,
  options: DType | TensorOptions = {},
): HostTensor {
  checkArguments('tensor', arguments, {
    values: required(anything),
    shape: anything,
    options: typeof options === 'string' ? anything : optionsOf({ dtype: anything, scale: anything, offset: anything }),
  });
  const { dtype, scale, offset } = typeof options === 'string' ? { dtype: options } : options;
  const { data, shape: own } = readValues('tensor', values, dtype);
  return new HostTensor(data, shape ?? own, scale, offset);
}

/** A placeholder for what `engine.write` puts in before a run. float32 unless said otherwise. */
export function input(shape: Shape, options: { readonly dtype?: DType; readonly name?: string } = {}): Variable {
  checkArguments('input', arguments, {
    shape: required(anything),
    options: optionsOf({ dtype: anything, name: string }),
  });
  return variable(checkShape('input', shape), { ...options, role: 'input' });
}

/** First values of a parameter: the values themselves, or what draws them, such as `heNormal()`. */
export type ParameterInitializer =
  | Float32Array
  | HostTensor
  | { create(shape: Shape, key: Key): Float32Array }
  | ((shape: Shape, key: Key) => Float32Array);

export interface ParameterOptions {
  /** By default uniform by Glorot and Bengio (2010) for two axes and more, zeros for a vector or scalar. */
  readonly initializer?: ParameterInitializer;
  /** Equal seeds give equal values; 0 by default: give each parameter of a model its own. */
  readonly seed?: number;
  readonly name?: string;
}

/**
 * A float32 variable that training changes. Throws `ValueError` for the name of an initializer: names are for layers.
 */
export function parameter(shape: Shape, options: ParameterOptions = {}): Variable {
  checkArguments('parameter', arguments, {
    shape: required(anything),
    options: optionsOf({ initializer: anything, seed: integer(), name: string }),
  });
  const { initializer, seed = 0, name } = options;
  checkShape('parameter', shape);
  if (typeof initializer === 'string') {
    throw new ValueError(`parameter: initializer is the name '${String(initializer)}': call it, as in heNormal()`);
  }
  if (initializer !== undefined && typeof initializer !== 'function') {
    const values = (initializer as Partial<HostTensor> | null)?.data ?? initializer;
    const isDrawn = typeof (initializer as { create?: unknown } | null)?.create === 'function';
    if (!isDrawn && knownDType(values) === undefined) {
      throw new DTypeError(
        `parameter: initializer must be a Float32Array, tensor(values), or what draws them, not ${describe(initializer)}`,
      );
    }
    if (!isDrawn && (values as TypedArray).length !== sizeOf(shape)) {
      throw new ShapeError(
        `parameter: ${(values as TypedArray).length} first values do not fill shape ${formatShape(shape)}: give ${sizeOf(shape)}`,
      );
    }
  }
  const initialize = (): TypedArray => {
    const key = keyFromSeed(seed);
    if (typeof initializer !== 'object') return (initializer ?? defaultInitializer)(shape, key);
    if ('create' in initializer) return initializer.create(shape, key);
    return 'data' in initializer ? convert('parameter', initializer, 'float32').data : initializer;
  };
  return variable(shape, { role: 'parameter', initialize, ...(name === undefined ? {} : { name }) });
}

function defaultInitializer(shape: Shape, key: Key): Float32Array {
  if (shape.length < 2) return new Float32Array(sizeOf(shape));
  const positions = sizeOf(shape.slice(0, -2));
  const limit = Math.sqrt(6 / (positions * (shape.at(-2)! + shape.at(-1)!)));
  return uniform(key, sizeOf(shape), 0, -limit, limit);
}

/**
 * The values that count, scale and offset applied, in `dtype`.
 *
 * @throws DTypeError for values that it cannot hold
 */
export function convert(caller: string, values: HostTensor, dtype: DType): HostTensor {
  const { data, shape } = values.applyScale(caller);
  return new HostTensor(readValues(caller, data, dtype).data, shape);
}
