/**
 * Reads the idx format, in which MNIST and its relatives come: two zero bytes, a byte for the element type, a byte for
 * the number of dimensions, each dimension as a big-endian 32-bit number, and then the elements.
 */
export interface IdxArray {
  /** [60000, 28, 28] for images, [60000] for labels. */
  readonly shape: readonly number[];
  /** A view of the bytes given, in row-major order. */
  readonly values: Uint8Array;
}

/** The only element type that images and labels use. */
const unsignedByte = 0x08;

/**
 * The array in `bytes`. `name` is the file's, for the messages; `dimensions` is how many it must have.
 *
 * @throws Error that names the file and says what is wrong with it
 */
export function parseIdx(bytes: Uint8Array, name: string, dimensions: number): IdxArray {
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) {
    throw new Error(`${name}: ${bytes.length} bytes are too few for an idx header of ${header}: is the file complete?`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const expected = (unsignedByte << 8) | dimensions;
  if (magic !== expected) {
    const hint = magic >>> 16 === 0x1f8b ? ': it is compressed with gzip, unpack it first' : '';
    throw new Error(`${name}: the magic number is ${hex(magic)}, expected ${hex(expected)}${hint}`);
  }
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = shape.reduce((product, extent) => product * extent, 1);
  const values = bytes.subarray(header);
  if (values.length !== length) {
    throw new Error(
      `${name}: [${shape.join(', ')}] needs ${length} bytes after the header, there are ${values.length}`,
    );
  }
  return { shape, values };
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
