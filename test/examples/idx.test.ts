import { describe, expect, it } from 'vitest';
import { parseIdx } from '../../examples/data/idx.ts';
import { loadMnist, oddLabels, oneHotLabels, scaledPixels, sliceDigits } from '../../examples/data/mnist.ts';

/** A file of bytes: magic number, shape, then `length` values counting up. */
function idxFile(magic: number, shape: readonly number[], length: number): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  shape.forEach((extent, axis) => view.setUint32(4 + 4 * axis, extent));
  for (let index = 0; index < length; index++) bytes[4 + 4 * shape.length + index] = index;
  return bytes;
}

describe('parseIdx', () => {
  it('reads shape and values', () => {
    const { shape, values } = parseIdx(idxFile(0x803, [2, 2, 3], 12), 'images', 3);
    expect(shape).toEqual([2, 2, 3]);
    expect([...values]).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  it('reads bytes that lie within a larger buffer', () => {
    const within = new Uint8Array(30);
    within.set(idxFile(0x801, [3], 3), 5);
    expect([...parseIdx(within.subarray(5, 16), 'labels', 1).values]).toEqual([0, 1, 2]);
  });

  it.each([
    ['a header cut short', new Uint8Array(7), /labels: 7 bytes are too few for an idx header of 8/],
    ['no bytes at all', new Uint8Array(0), /too few/],
    ['another magic number', idxFile(0x12345678, [3], 3), /magic number is 0x12345678, expected 0x00000801/],
    ['another number of dimensions', idxFile(0x803, [1, 1, 1], 1), /0x00000803, expected 0x00000801/],
    ['floats', idxFile(0xd01, [3], 12), /0x00000d01, expected 0x00000801/],
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), /compressed with gzip/],
    ['values cut short', idxFile(0x801, [4], 3), /\[4\] needs 4 bytes after the header, there are 3/],
    ['bytes too many', idxFile(0x801, [2], 3), /needs 2 bytes after the header, there are 3/],
    ['a count beyond all memory', idxFile(0x801, [0xffffffff], 3), /needs 4294967295 bytes/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseIdx(bytes, 'labels', 1)).toThrow(message);
  });
});

describe('loadMnist', () => {
  const files = (changes: Record<string, Uint8Array> = {}) => {
    const all: Record<string, Uint8Array> = {
      'train-images-idx3-ubyte': idxFile(0x803, [4, 28, 28], 4 * 784),
      'train-labels-idx1-ubyte': idxFile(0x801, [4], 4),
      't10k-images-idx3-ubyte': idxFile(0x803, [2, 28, 28], 2 * 784),
      't10k-labels-idx1-ubyte': idxFile(0x801, [2], 2),
      ...changes,
    };
    return { read: (path: string) => Promise.resolve(all[path.split('/').at(-1)!]!) };
  };

  it('gives images and labels, and as few as asked for', async () => {
    const { train, test } = await loadMnist({ ...files(), trainCount: 3 });
    expect(train.count).toBe(3);
    expect(train.images).toHaveLength(3 * 784);
    expect([...train.labels]).toEqual([0, 1, 2]);
    expect(test.count).toBe(2);
    await expect(loadMnist({ ...files(), testCount: 3 })).rejects.toThrow(/has 2 digits, not 3/);
  });

  it.each([
    ['fewer labels than images', { 'train-labels-idx1-ubyte': idxFile(0x801, [3], 3) }, /3 labels for 4 images/],
    ['images of another size', { 'train-images-idx3-ubyte': idxFile(0x803, [4, 2, 2], 16) }, /2 × 2, not 28 × 28/],
    [
      'a label above 9',
      {
        'train-labels-idx1-ubyte': idxFile(0x801, [12], 12),
        'train-images-idx3-ubyte': idxFile(0x803, [12, 28, 28], 12 * 784),
      },
      /above 9/,
    ],
  ])('refuses %s', async (_, changes, message) => {
    await expect(loadMnist(files(changes))).rejects.toThrow(message);
  });

  it('has the digits of the real files', async () => {
    const { train, test } = await loadMnist();
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    expect([...train.labels.subarray(0, 8)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
    expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    const few = sliceDigits(train, 1, 3);
    const places = [...oneHotLabels(few)].flatMap((value, place) => (value === 1 ? [place] : []));
    expect(places).toEqual([0, 14]);
    expect([...oddLabels(train).subarray(0, 4)]).toEqual([1, 0, 0, 1]);
    const pixels = scaledPixels(few);
    expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([0, 1]);
  });
});
