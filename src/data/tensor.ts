/** Host tensors, and the graph inputs and parameters that users create for programs without layers. */
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

/** A symbolic value of the graph with a known shape and dtype; computed when an executable runs. */
export type Tensor = Node;

/** Nested arrays of numbers, of equal length at each depth. */
export type NestedArray = readonly (number | NestedArray)[];

export type { NestedValues, NumericArray };

/** Options of `tensor`. */
export interface TensorOptions {
  /** The dtype to convert to. Default: the dtype of the typed array; see `tensor` for other values. */
  readonly dtype?: DType;
  /** Each stored value represents value · scale + offset. uint8 features are stored as bytes on the device. Default 1. */
  readonly scale?: number;
  /** Default 0. */
  readonly offset?: number;
}

/** A row-major tensor on the host. Created by `tensor()`, returned by `predict`. */
export class HostTensor {
  /** The stored values; `applyScale()` returns the values that they represent. */
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
   * Returns value · scale + offset for each value, computed in float64 and rounded to float32. Returns the tensor itself when
   * scale is 1 and offset is 0.
   *
   * @param caller prefix of error messages
   * @throws DTypeError for values that float32 cannot represent
   */
  applyScale(caller: string = 'tensor'): HostTensor {
    const { data, shape, scale, offset } = this;
    if (scale === 1 && offset === 0) return this;
    const scaled = Float64Array.from(data, (value) => value * scale + offset);
    const isWhole = this.dtype !== 'float32' && Number.isInteger(scale) && Number.isInteger(offset);
    return new HostTensor(roundToFloat32(caller, scaled, isWhole), shape);
  }

  /** Returns the values, with scale and offset applied, as nested arrays; a number for a scalar. */
  toArray(): number | NestedArray {
    const { data, shape } = this.applyScale();
    const build = (axis: number, from: number): number | NestedArray => {
      if (axis === shape.length) return data[from]!;
      const stride = sizeOf(shape.slice(axis + 1));
      return Array.from({ length: shape[axis]! }, (_, index) => build(axis + 1, from + index * stride));
    };
    return build(0, 0);
  }

  /** Creates a graph constant with scale and offset applied: int32 for unscaled int32 values, otherwise float32. */
  toConstant(): Constant {
    const { data, shape, dtype } = this.applyScale();
    return constant(data, shape, dtype === 'uint8' ? 'float32' : dtype);
  }
}

/**
 * Creates a host tensor. A Float32Array, Int32Array or Uint8Array is used without a copy. Other integer arrays become int32,
 * other numbers become float32, and booleans become 0 and 1. Values that the conversion would change are rejected, except for
 * the rounding of decimal numbers to float32.
 *
 * @param values a typed array, nested arrays, an array of typed arrays (rows), a number, or an ArrayBuffer with values of
 *   `dtype` (uint8 by default)
 * @param shape shape of the values. Default: the shape of the nesting
 * @param options the dtype, or an object with dtype, scale and offset
 * @throws ShapeError for rows of unequal length or values that do not fill the shape; DTypeError for values that are not
 *   numbers, for an unknown dtype, and for values that the dtype cannot represent
 * @example
 * const x = tensor([[0, 1], [1, 0]]); // float32 [2, 2]
 * const images = tensor(bytes, [60000, 784], { scale: 1 / 255 });
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

/** Creates a graph input, which `engine.write` fills before a run. `dtype` defaults to float32. */
export function input(shape: Shape, options: { readonly dtype?: DType; readonly name?: string } = {}): Variable {
  checkArguments('input', arguments, {
    shape: required(anything),
    options: optionsOf({ dtype: anything, name: string }),
  });
  return variable(checkShape('input', shape), { ...options, role: 'input' });
}

/** Initial values of a parameter: the values, an initializer such as `heNormal()`, or a function that returns them. */
export type ParameterInitializer =
  | Float32Array
  | HostTensor
  | { create(shape: Shape, key: Key): Float32Array }
  | ((shape: Shape, key: Key) => Float32Array);

/** Options of `parameter`. */
export interface ParameterOptions {
  /** Default: Glorot uniform (Glorot, Bengio 2010) for two or more axes, zeros for a vector or scalar. */
  readonly initializer?: ParameterInitializer;
  /** Equal seeds give equal values, so each parameter of a model needs a different seed. Default 0. */
  readonly seed?: number;
  /** Name in error messages and files. */
  readonly name?: string;
}

/**
 * Creates a trainable float32 variable.
 *
 * @throws ValueError for the name of an initializer (only layers accept names); DTypeError or ShapeError for an initializer
 *   that cannot fill `shape`
 * @example
 * const kernel = parameter([784, 10], { initializer: heNormal(), seed: 1, name: 'kernel' });
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
 * Applies scale and offset and converts to `dtype`.
 *
 * @throws DTypeError for values that `dtype` cannot represent
 */
export function convert(caller: string, values: HostTensor, dtype: DType): HostTensor {
  const { data, shape } = values.applyScale(caller);
  return new HostTensor(readValues(caller, data, dtype).data, shape);
}
