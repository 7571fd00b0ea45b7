/**
 * Element types. All arithmetic is float32. int32 is for indices, labels and counters. uint8 stores image data compactly on the
 * device until a gather converts it to float32. Arrays are identified by their tag and not by `instanceof`, so that arrays from
 * an iframe, worker, `node:vm` or Jest are accepted, as well as Node's Buffer, which is a Uint8Array.
 */
import { describe } from './describe.ts';
import { DTypeError, suggest } from './errors.ts';

export type DType = 'float32' | 'int32' | 'uint8';

/** Arrays that gradlet takes and returns. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1 };

/** Returns `dtype`. Throws `DTypeError` for anything but the name of a dtype. */
export function checkDType(caller: string, dtype: DType): DType {
  if (typeof dtype === 'string' && Object.hasOwn(bytesPerElement, dtype)) return dtype;
  const names = Object.keys(bytesPerElement);
  const hint = typeof dtype === 'string' ? suggest(dtype, names) : '';
  throw new DTypeError(`${caller}: there is no dtype ${describe(dtype)}${hint}: the dtypes are ${names.join(', ')}`);
}

/** Returns the class name of an object of any realm by its tag: 'Float32Array', 'ArrayBuffer', 'Map'. */
export function classOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Whether the buffer is a SharedArrayBuffer. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return classOf(buffer) === 'SharedArrayBuffer';
}

/** Returns the bytes of a buffer or view without a copy; undefined for any other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  const view = ArrayBuffer.isView(value) ? value : undefined;
  const buffer = view?.buffer ?? (/^(Shared)?ArrayBuffer$/.test(classOf(value)) ? (value as ArrayBuffer) : undefined);
  if (buffer === undefined) return undefined;
  // A view of a detached buffer would throw. A detached buffer has no bytes.
  return buffer.byteLength === 0 ? new Uint8Array() : new Uint8Array(buffer, view?.byteOffset, view?.byteLength);
}

/** Returns a zero-filled array of `length` elements of `dtype`. */
export function typedArray(dtype: DType, length: number): TypedArray {
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
}

/** Array classes with the element layout of a dtype. Uint8ClampedArray has the pixels of a canvas. */
const dtypes: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Int32Array: 'int32',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

/**
 * Returns the dtype of a typed array of this realm or another (an iframe, a `vm` context); undefined for any other value. Node's
 * `Buffer` is a Uint8Array.
 */
export function knownDType(values: unknown): DType | undefined {
  return ArrayBuffer.isView(values) ? dtypes[classOf(values)] : undefined;
}

/**
 * Returns the dtype of `values`.
 *
 * @param caller name of the public function, used as prefix of error messages
 * @throws DTypeError for anything but a Float32Array, Int32Array or Uint8Array
 */
export function dtypeOf(values: TypedArray, caller: string = 'tensor'): DType {
  const dtype = knownDType(values);
  if (dtype === undefined) {
    throw new DTypeError(
      `${caller}: takes a Float32Array, Int32Array or Uint8Array, not ${describe(values)}: convert it with tensor()`,
    );
  }
  return dtype;
}

/** Copies `values` to `into`, by default a new array. */
export function copied(values: TypedArray, into?: TypedArray): TypedArray {
  // Not values.slice(), because the `slice` of Node's Buffer returns a view.
  if (into === undefined) return Float32Array.prototype.slice.call(values) as TypedArray;
  into.set(values);
  return into;
}

/** Returns a view of `bytes` as `dtype`. */
export function viewAs(dtype: DType, bytes: ArrayBufferLike, byteOffset = 0, length?: number): TypedArray {
  if (dtype === 'float32') return new Float32Array(bytes, byteOffset, length);
  return dtype === 'int32' ? new Int32Array(bytes, byteOffset, length) : new Uint8Array(bytes, byteOffset, length);
}
