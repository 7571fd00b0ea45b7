/**
 * Converts user values to a typed array of one dtype. It accepts typed arrays of every class, nested arrays, typed arrays as
 * rows, booleans and BigInts. Decimal numbers are rounded to float32. All other conversions are exact, or throw an error with
 * the index of the first value that would change.
 */
import { describe } from './describe.ts';
import { bytesOf, bytesPerElement, checkDType, classOf, knownDType, typedArray, viewAs } from './dtype.ts';
import type { DType, TypedArray } from './dtype.ts';
import { DTypeError, ShapeError } from './errors.ts';
import type { GradletError } from './errors.ts';
import { maxRank, sizeOf } from './shape.ts';

/** Float16Array, which older JavaScript engines and TypeScript versions lack. */
export interface Float16Values extends ArrayLike<number> {
  readonly BYTES_PER_ELEMENT: number;
  readonly [Symbol.toStringTag]: 'Float16Array';
}

/** All accepted arrays of numbers. The bytes of an ArrayBuffer are read in the requested dtype, by default as uint8. */
export type NumericArray =
  | TypedArray
  | Float64Array
  | Float16Values
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | ArrayBuffer
  | SharedArrayBuffer;

/** Nested arrays with equal lengths at each depth. A row may be a typed array. false is 0, true is 1. */
export type NestedValues = readonly (number | boolean | bigint | NumericArray | NestedValues)[];

/** The default dtype for each array class. */
const defaults: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float32',
  Float16Array: 'float32',
  Int8Array: 'int32',
  Int16Array: 'int32',
  Int32Array: 'int32',
  Uint16Array: 'int32',
  Uint32Array: 'int32',
  BigInt64Array: 'int32',
  BigUint64Array: 'int32',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

type AnyArray = TypedArray | Float64Array;

/** Converted values and the shape of their nesting. float64, for counting on the host, avoids rounding. */
export interface Values<T extends AnyArray = TypedArray> {
  readonly data: T;
  readonly shape: readonly number[];
}

type Leaf = number | boolean | bigint;

/**
 * Converts values to one array of `dtype`. A typed array that already has the dtype is returned without a copy.
 *
 * @param caller name of the public function, used as prefix of error messages
 * @param dtype default: the dtype of the typed arrays, int32 for BigInts, float32 for everything else
 * @throws DTypeError for values that are not numbers or that the dtype cannot represent; ShapeError for rows of unequal length
 */
export function readValues(caller: string, values: unknown, dtype?: DType): Values;
export function readValues(caller: string, values: unknown, dtype: 'float64'): Values<Float64Array>;
export function readValues(caller: string, values: unknown, dtype?: DType | 'float64'): Values<AnyArray> {
  if (dtype !== undefined && dtype !== 'float64') checkDType(caller, dtype);
  const given = ArrayBuffer.isView(values) ? values : contentOf(caller, values, dtype);
  const own = knownDType(given);
  if (own !== undefined && (dtype ?? own) === own) {
    const data = ofThisRealm(own, given as TypedArray);
    return { data, shape: [data.length] };
  }
  const shape = nestedShape(caller, given);
  const rows = shape.length === 0 ? [[given as Leaf]] : rowsOf(caller, given, shape);
  const target = dtype ?? commonDType(rows);
  const data = target === 'float64' ? new Float64Array(sizeOf(shape)) : typedArray(target, sizeOf(shape));
  let at = 0;
  for (const row of rows) {
    store(caller, row, data, at, target);
    at += row.length;
  }
  return { data, shape };
}

/** Throws `DTypeError` for a number that `dtype` cannot represent. */
export function checkNumber(caller: string, value: number, dtype: DType): void {
  store(caller, [value], typedArray(dtype, 1), 0, dtype);
}

/**
 * Rounds float64 values to float32.
 *
 * @param areWhole whether they are integers, which must not be rounded
 * @throws DTypeError for values that would become infinite, or integers that float32 cannot represent
 */
export function roundToFloat32(caller: string, values: Float64Array, areWhole: boolean): Float32Array {
  const data = new Float32Array(values.length);
  store(caller, values, data, 0, 'float32', !areWhole);
  return data;
}

/** Returns a view of the same memory with a class of this realm. A Buffer becomes a Uint8Array, whose `slice` copies. */
function ofThisRealm(dtype: DType, values: TypedArray): TypedArray {
  const { prototype } = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[dtype];
  if (Object.getPrototypeOf(values) === prototype || values.buffer.byteLength === 0) return values;
  return viewAs(dtype, values.buffer, values.byteOffset, values.length);
}

/** Returns a view of an ArrayBuffer in the requested dtype. Returns any other value unchanged. */
function contentOf(caller: string, values: unknown, dtype: DType | 'float64' = 'uint8'): unknown {
  const bytes = bytesOf(values);
  if (bytes === undefined || dtype === 'float64') return bytes ?? values;
  const size = bytesPerElement[dtype];
  if (bytes.length % size === 0) return viewAs(dtype, bytes.buffer);
  throw new DTypeError(
    `${caller}: an ArrayBuffer of ${bytes.length} bytes holds no ${dtype} values of ${size} bytes each: ` +
      `give a Uint8Array of it where every byte is a value`,
  );
}

function isList(value: unknown): value is ArrayLike<unknown> {
  if (Array.isArray(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { length } = value as { readonly length?: unknown };
  return Number.isSafeInteger(length) && (length as number) >= 0;
}

/** Returns `typeof value` if it is an accepted type of elements, else an empty string. */
function leafType(value: unknown): string {
  return /^(number|boolean|bigint)$/.exec(typeof value)?.[0] ?? '';
}

/** Returns the shape according to the first element at each depth. `rowsOf` checks the others. */
function nestedShape(caller: string, values: unknown): number[] {
  const shape: number[] = [];
  for (let level = values; isList(level); level = ArrayBuffer.isView(level) ? undefined : level[0]) {
    shape.push(level.length);
    if (shape.length > maxRank) throw new ShapeError(`${caller}: the arrays are nested more than ${maxRank} deep`);
  }
  if (shape.length > 0 || leafType(values)) return shape;
  const remedy = classOf(values) === 'Promise' ? ': await it first' : '';
  throw new DTypeError(
    `${caller}: takes a typed array, arrays of numbers in arrays, or a number, not ${describe(values)}${remedy}`,
  );
}

/** Returns the innermost arrays in order. All elements must be numbers, or all booleans, or all BigInts. */
function rowsOf(caller: string, values: unknown, shape: readonly number[]): ArrayLike<Leaf>[] {
  const rows: ArrayLike<Leaf>[] = [];
  const path: number[] = [];
  let type = '';
  const walk = (value: unknown, axis: number): void => {
    const length = shape[axis]!;
    const isRow = axis === shape.length - 1;
    const isTyped = ArrayBuffer.isView(value);
    if (!isList(value) || value.length !== length || (isTyped && !isRow)) {
      throw misfit(caller, path, value, `${length} elements`, isList(value) || leafType(value) !== '');
    }
    if (isTyped) {
      const kind = classOf(value);
      const own = kind.startsWith('Big') ? 'bigint' : Object.hasOwn(defaults, kind) ? 'number' : '';
      type ||= own || 'number';
      if (own !== type) throw misfit(caller, path, value, `elements of type ${type}`);
    } else {
      if (isRow) type ||= leafType(value[0]) || 'number';
      for (let index = 0; index < length; index++) {
        if (isRow && typeof value[index] === type) continue;
        path.push(index);
        if (isRow) throw misfit(caller, path, value[index], `a ${type}`, isList(value[index]));
        walk(value[index], axis + 1);
        path.pop();
      }
    }
    if (isRow) rows.push(value as ArrayLike<Leaf>);
  };
  walk(values, 0);
  return rows;
}

/** Returns the error for the value at `path`: a row of another length, or an element that is not a number. */
function misfit(
  caller: string,
  path: readonly number[],
  value: unknown,
  expected: string,
  isRagged = false,
): GradletError {
  const where = `${caller}: values${path.map((index) => `[${index}]`).join('')}`;
  if (isRagged) {
    const given = isList(value) ? `has ${value.length} elements` : `is ${describe(value)}`;
    return new ShapeError(`${where} ${given}, expected ${expected}: all rows must be of one length`);
  }
  const remedy =
    value === undefined || value === null
      ? 'a value is missing: fill it in, or remove the sample'
      : 'convert the values to numbers first, all of one type';
  return new DTypeError(`${where} is ${describe(value)}, expected ${expected}: ${remedy}`);
}

/** Returns the default dtype of an array or row. */
function defaultOf(row: ArrayLike<Leaf>): DType {
  return defaults[classOf(row)] ?? (typeof row[0] === 'bigint' ? 'int32' : 'float32');
}

function commonDType([first, ...rows]: readonly ArrayLike<Leaf>[]): DType {
  const dtype = first ? defaultOf(first) : 'float32';
  return rows.every((row) => defaultOf(row) === dtype) ? dtype : 'float32';
}

/**
 * Copies `row` to `data` at offset `at`.
 *
 * @param rounds whether values may be rounded to float32: decimal numbers may, elements of an integer array may not
 * @throws DTypeError for a value that the conversion would change
 */
function store(
  caller: string,
  row: ArrayLike<Leaf>,
  data: AnyArray,
  at: number,
  dtype: DType | 'float64',
  rounds: boolean = defaultOf(row) === 'float32',
): void {
  if (knownDType(row) === dtype) return data.set(row as TypedArray, at);
  const isFloat = dtype.startsWith('float');
  for (let index = 0; index < row.length; index++) {
    const given = row[index]!;
    const value = Number(given);
    data[at + index] = value;
    const stored = data[at + index]!;
    if (stored === value && (typeof given !== 'bigint' || (value - value === 0 && BigInt(value) === given))) continue;
    if (isFloat && rounds && (Number.isFinite(stored) || !Number.isFinite(value))) continue;
    const remedy = !isFloat
      ? 'use whole numbers in its range'
      : rounds
        ? 'it would become infinite: scale the values down'
        : 'whole numbers beyond 2^24 would be rounded: use smaller ones, or Float32Array.from(values) to round them';
    throw new DTypeError(
      `${caller}: value ${String(given).slice(0, 40)} at index ${at + index} does not fit ${dtype}: ${remedy}`,
    );
  }
}
