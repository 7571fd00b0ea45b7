/**
 * Element types. Everything is computed in float32; int32 carries indices, labels and counters, and uint8 keeps
 * image data small on the device until a gather turns it into float32. Arrays are recognised by their tag and never by
 * `instanceof`: those of an iframe, a worker, `node:vm` or Jest count, and so does Node's Buffer, which is a Uint8Array.
 */
import { describe } from './describe.ts';
import { DTypeError, suggest } from './errors.ts';

export type DType = 'float32' | 'int32' | 'uint8';

/** What a caller may hand in or get back. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1 };

/** Throws `DTypeError` for what is no dtype. */
export function checkDType(caller: string, dtype: DType): DType {
  if (typeof dtype === 'string' && Object.hasOwn(bytesPerElement, dtype)) return dtype;
  const names = Object.keys(bytesPerElement);
  const hint = typeof dtype === 'string' ? suggest(dtype, names) : '';
  throw new DTypeError(`${caller}: there is no dtype ${describe(dtype)}${hint}: the dtypes are ${names.join(', ')}`);
}

/** The class of an object by its tag, whatever realm it is from: 'Float32Array', 'ArrayBuffer', 'Map'. */
export function classOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Whether other threads see the memory too. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return classOf(buffer) === 'SharedArrayBuffer';
}

/** The bytes of a buffer or of a view, without a copy; undefined for every other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  const view = ArrayBuffer.isView(value) ? value : undefined;
  const buffer = view?.buffer ?? (/^(Shared)?ArrayBuffer$/.test(classOf(value)) ? (value as ArrayBuffer) : undefined);
  if (buffer === undefined) return undefined;
  // No view can be made of a buffer that was transferred; it has no bytes left.
  return buffer.byteLength === 0 ? new Uint8Array() : new Uint8Array(buffer, view?.byteOffset, view?.byteLength);
}

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
  return ArrayBuffer.isView(values) ? dtypes[classOf(values)] : undefined;
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
  // The method of every typed array, not values.slice(): that of Node's Buffer gives a view.
  if (into === undefined) return Float32Array.prototype.slice.call(values) as TypedArray;
  into.set(values);
  return into;
}

/** `bytes` seen as `dtype`, without a copy. */
export function viewAs(dtype: DType, bytes: ArrayBufferLike, byteOffset = 0, length?: number): TypedArray {
  if (dtype === 'float32') return new Float32Array(bytes, byteOffset, length);
  return dtype === 'int32' ? new Int32Array(bytes, byteOffset, length) : new Uint8Array(bytes, byteOffset, length);
}
