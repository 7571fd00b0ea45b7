/**
 * What a user computes with, below the layers: symbolic tensors and the functions over them, inputs and parameters,
 * and tensors of values on the host. Above the engine in the data's way, below layers and training.
 */
import { dtypeOf, typedArray } from './core/dtype.ts';
import type { DType, TypedArray } from './core/dtype.ts';
import { DTypeError, ShapeError, ValueError } from './core/errors.ts';
import { keyFromSeed, uniform } from './core/random.ts';
import type { Key } from './core/random.ts';
import { checkShape, formatShape, sizeOf } from './core/shape.ts';
import type { Shape } from './core/shape.ts';
import type { Constant, Node, Variable } from './graph/node.ts';
import { constant, variable } from './ops/op.ts';

/** A value of the graph: known by shape and dtype, computed when an executable runs. */
export type Tensor = Node;

/** Numbers in arrays in arrays, all of one length at each depth. */
export type NestedArray = readonly (number | NestedArray)[];

/** Every array of numbers that is taken. Others than the three dtypes are converted. */
export type NumericArray =
  TypedArray | Float64Array | Uint8ClampedArray | Int8Array | Int16Array | Uint16Array | Uint32Array;

export interface TensorOptions {
  /** What the values are converted to: by default the typed array's own, float32 for plain numbers. */
  readonly dtype?: DType;
  /** Each value counts as value · scale + offset where a model reads it; uint8 data stay bytes on the device. */
  readonly scale?: number;
  readonly offset?: number;
}

/** Values on the host, row-major, with their shape. Made by `tensor()`; what `predict` gives. */
export class HostTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly scale: number;
  readonly offset: number;

  constructor(data: TypedArray, shape: Shape, scale = 1, offset = 0) {
    checkShape('tensor', shape);
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `tensor: ${data.length} values do not fill shape ${formatShape(shape)}: it takes ${sizeOf(shape)}`,
      );
    }
    if (!Number.isFinite(scale) || !Number.isFinite(offset)) {
      throw new ShapeError(`tensor: scale and offset must be finite, not ${scale} and ${offset}`);
    }
    this.data = data;
    this.shape = [...shape];
    this.dtype = dtypeOf(data);
    this.scale = scale;
    this.offset = offset;
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** The values as arrays in arrays; a number for a scalar. Scale and offset are not applied. */
  toArray(): number | NestedArray {
    const build = (axis: number, from: number): number | NestedArray => {
      if (axis === this.shape.length) return this.data[from]!;
      const stride = sizeOf(this.shape.slice(axis + 1));
      return Array.from({ length: this.shape[axis]! }, (_, index) => build(axis + 1, from + index * stride));
    };
    return build(0, 0);
  }

  /** The values as a constant of a graph: int32 as they are, all else as float32 with scale and offset applied. */
  toConstant(): Constant {
    if (this.dtype === 'int32') return constant(this.data, this.shape);
    const values = Float32Array.from(this.data, (value) => value * this.scale + this.offset);
    return constant(values, this.shape);
  }
}

/**
 * Values on the host as a tensor. A typed array of float32, int32 or uint8 is kept, not copied.
 *
 * @param values a typed array, arrays in arrays, or a number
 * @param shape of the values; by default that of the nesting
 * @param options the dtype, or the dtype with scale and offset: `tensor(bytes, [60000, 784], { scale: 1 / 255 })`
 * @throws ShapeError for rows of unequal length or values that do not fill the shape; DTypeError for values that the
 *   dtype cannot hold
 */
export function tensor(
  values: NumericArray | NestedArray | number,
  shape?: Shape,
  options: DType | TensorOptions = {},
): HostTensor {
  const { dtype, scale, offset } = typeof options === 'string' ? { dtype: options } : options;
  const own = typeof values === 'number' ? [] : Array.isArray(values) ? nestedShape(values as NestedArray) : null;
  const flat = own === null ? fromTyped(values as NumericArray) : flatten(values as NestedArray | number, own);
  const data = convert(flat, dtype ?? dtypeOf(flat));
  return new HostTensor(data, shape ?? own ?? [data.length], scale, offset);
}

/** A placeholder for what `engine.write` puts in before a run. float32 unless said otherwise. */
export function input(shape: Shape, options: { readonly dtype?: DType; readonly name?: string } = {}): Variable {
  return variable(shape, { role: 'input', ...options });
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
export function parameter(shape: Shape, { initializer, seed = 0, name }: ParameterOptions = {}): Variable {
  if (typeof initializer === 'string') {
    throw new ValueError(`parameter: initializer is the name '${String(initializer)}': call it, as in heNormal()`);
  }
  const initialize = (): TypedArray => {
    const key = keyFromSeed(seed);
    if (typeof initializer !== 'object') return (initializer ?? defaultInitializer)(shape, key);
    if ('create' in initializer) return initializer.create(shape, key);
    return 'data' in initializer ? initializer.data : initializer;
  };
  return variable(shape, { role: 'parameter', initialize, ...(name === undefined ? {} : { name }) });
}

function defaultInitializer(shape: Shape, key: Key): Float32Array {
  if (shape.length < 2) return new Float32Array(sizeOf(shape));
  const positions = sizeOf(shape.slice(0, -2));
  const limit = Math.sqrt(6 / (positions * (shape.at(-2)! + shape.at(-1)!)));
  return uniform(key, sizeOf(shape), 0, -limit, limit);
}

/** The shape that the first element of each depth tells; `flatten` checks the others. */
function nestedShape(values: NestedArray): number[] {
  const shape: number[] = [];
  for (let level: number | NestedArray | undefined = values; Array.isArray(level); level = level[0] as NestedArray) {
    shape.push(level.length);
    if (shape.length > 8) throw new ShapeError('tensor: the arrays are nested more than 8 deep');
  }
  return shape;
}

function flatten(values: NestedArray | number, shape: Shape): Float32Array {
  const out = new Float32Array(sizeOf(shape));
  let next = 0;
  const walk = (value: number | NestedArray, axis: number, place: string): void => {
    if (typeof value === 'number' && axis === shape.length) {
      out[next++] = value;
    } else if (Array.isArray(value) && axis < shape.length && value.length === shape[axis]) {
      value.forEach((inner: number | NestedArray, index) => walk(inner, axis + 1, `${place}[${index}]`));
    } else {
      const given = Array.isArray(value) ? `${value.length} elements` : typeof value;
      const wanted = axis < shape.length ? `${shape[axis]!} elements` : 'a number';
      throw new ShapeError(`tensor: values${place} has ${given}, expected ${wanted}: all rows must be of one length`);
    }
  };
  walk(values, 0, '');
  return out;
}

function fromTyped(values: NumericArray): TypedArray {
  if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) return values;
  if (values instanceof Uint8ClampedArray) return new Uint8Array(values.buffer, values.byteOffset, values.length);
  if (values instanceof Float64Array) return Float32Array.from(values);
  if (ArrayBuffer.isView(values)) return Int32Array.from(values);
  throw new DTypeError('tensor: takes a typed array, arrays of numbers in arrays, or a number');
}

/** `values` in `dtype`; refuses what would be cut off. */
export function convert(values: TypedArray, dtype: DType): TypedArray {
  if (dtypeOf(values) === dtype) return values;
  const out = typedArray(dtype, values.length);
  out.set(values);
  if (dtype === 'float32') return out;
  const bad = values.findIndex((value, index) => value !== out[index]);
  if (bad >= 0) {
    throw new DTypeError(
      `tensor: value ${values[bad]!} at index ${bad} does not fit ${dtype}: use whole numbers in its range`,
    );
  }
  return out;
}
