/**
 * Element types. Everything is computed in float32; int32 carries indices, labels and counters, and uint8 keeps
 * image data small on the device until a gather turns it into float32.
 */
import { describe } from './describe.ts';
import { DTypeError } from './errors.ts';

export type DType = 'float32' | 'int32' | 'uint8';

/** What a caller may hand in or get back. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1 };

/** A zero-filled array of `length` elements of `dtype`. */
export function typedArray(dtype: DType, length: number): TypedArray {
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
}

/** The arrays that hold a dtype as it is, by name. A page's pixels are bytes too. */
const dtypes: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Int32Array: 'int32',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

/**
 * The dtype of a typed array, of this realm or another (an iframe, a `vm` context), or undefined for any other value.
 * Node's `Buffer` is a Uint8Array.
 */
export function knownDType(values: unknown): DType | undefined {
  return ArrayBuffer.isView(values) ? dtypes[Object.prototype.toString.call(values).slice(8, -1)] : undefined;
}

/**
 * The dtype of `values`.
 *
 * @param caller the public function that was given them, for the message
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

/** `values` in memory of their own: that of `into`, if there is one. */
export function copied(values: TypedArray, into?: TypedArray): TypedArray {
  if (into === undefined) return values.slice();
  into.set(values);
  return into;
}

/** `bytes` seen as `dtype`, without a copy. */
export function viewAs(dtype: DType, bytes: ArrayBuffer, byteOffset = 0, length?: number): TypedArray {
  if (dtype === 'float32') return new Float32Array(bytes, byteOffset, length);
  return dtype === 'int32' ? new Int32Array(bytes, byteOffset, length) : new Uint8Array(bytes, byteOffset, length);
}
