/**
 * Element types. Everything is computed in float32; int32 carries indices, labels and counters, and uint8 keeps
 * image data small on the device until a gather turns it into float32. First in the data's way: imports nothing.
 */
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

/** The dtype that `values` carries. */
export function dtypeOf(values: TypedArray): DType {
  if (values instanceof Float32Array) return 'float32';
  return values instanceof Int32Array ? 'int32' : 'uint8';
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
