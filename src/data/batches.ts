/**
 * Samples in batches, for a training loop of one's own: what `fit` does on the device, on the host. Each batch is what
 * `engine.write` takes.
 */
import { arrayOf, boolean, checkCount, checkOptions, checkValue, integer, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { markRaw } from '../core/raw.ts';
import { requireOption } from '../core/check.ts';
import { typedArray } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { deriveKey, keyFromSeed, permutation } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';
import { HostTensor } from './tensor.ts';
import { toTensor } from './features.ts';
import type { DataLike } from './features.ts';
import { commonCount, copyRows, requireArrays } from './rows.ts';

export interface BatchesOptions {
  /** Samples of a batch. Default 32. */
  readonly batchSize?: number;
  /** A new order in every epoch. Default false. */
  readonly shuffle?: boolean;
  /** Of the orders; equal seeds give equal orders. Default 0. */
  readonly seed?: number;
  /** The number of the first epoch: greater than 0 where training goes on. Default 0. */
  readonly initialEpoch?: number;
  /** Whether samples that do not fill a last batch are left out. Default false: the last batch may be shorter. */
  readonly dropLast?: boolean;
  /** Whether the batches of an epoch share their memory: each is overwritten by the next. Default false. */
  readonly reuse?: boolean;
}

/** A tensor for each array. */
export type BatchOf<T extends readonly unknown[]> = { -readonly [Index in keyof T]: HostTensor };

const hostTensor: ArgumentType = { expected: 'a tensor', accepts: (value) => value instanceof HostTensor };

/** Made by `batches()`. */
export class Batches<T extends readonly unknown[]> implements Iterable<BatchOf<T>> {
  /** How many batches an epoch has. */
  readonly length: number;
  private readonly arrays: readonly HostTensor[];
  private readonly count: number;
  private readonly options: Required<Pick<BatchesOptions, 'batchSize' | 'shuffle' | 'seed' | 'reuse'>>;
  private nextEpoch: number;

  constructor(arrays: readonly HostTensor[], options: BatchesOptions) {
    checkOptions('batches', options, {
      batchSize: integer(1),
      shuffle: boolean,
      seed: integer(),
      initialEpoch: integer(0),
      dropLast: boolean,
      reuse: boolean,
    });
    checkValue('batches', 'data', arrays, required(arrayOf(hostTensor, 'an array of tensors')));
    const { batchSize = 32, shuffle = false, seed = 0, initialEpoch = 0, dropLast = false, reuse = false } = options;
    const counts = arrays.map(({ shape }) => shape[0]);
    const count = commonCount('batches', counts);
    const most = `at most the ${count} samples there are with dropLast`;
    requireOption('batches', 'batchSize', batchSize, most, !dropLast || batchSize <= count);
    // Bytes are scaled batch by batch: as float32 all of them would take four times the memory.
    this.arrays = arrays.map((values) => (values.dtype === 'uint8' ? values : values.applyScale('batches')));
    markRaw(this);
    this.count = count;
    this.options = { batchSize, shuffle, seed, reuse };
    this.nextEpoch = initialEpoch;
    this.length = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  }

  /** The number that the next pass over the data has: a file keeps it for `initialEpoch`. */
  get epoch(): number {
    return this.nextEpoch;
  }

  /** One epoch, in an order of its own where they are shuffled. */
  *[Symbol.iterator](): Iterator<BatchOf<T>, void> {
    const count = this.count;
    const arrays = this.arrays;
    const { batchSize, shuffle, seed, reuse } = this.options;
    const key = deriveKey(keyFromSeed(seed), this.nextEpoch++);
    const order = shuffle ? permutation(key, count) : Int32Array.from({ length: count }, (_, index) => index);
    const shared = reuse ? arrays.map((values) => memoryFor(values, Math.min(batchSize, count))) : null;
    for (let batch = 0; batch < this.length; batch++) {
      const begin = batch * batchSize;
      const samples = Math.min(batchSize, count - begin);
      yield arrays.map((values, index) => {
        const [, ...shape] = values.shape;
        const size = sizeOf(shape);
        const rows = shared ? shared[index]!.subarray(0, samples * size) : memoryFor(values, samples);
        copyRows(values.data, rows, size, order, begin, begin + samples);
        applyScale(values, rows);
        return new HostTensor(rows, [samples, ...shape]);
      }) as BatchOf<T>;
    }
  }
}

/** Memory for so many samples. Bytes become float32: a graph's inputs hold no others. */
function memoryFor({ dtype, shape }: HostTensor, samples: number): TypedArray {
  return typedArray(dtype === 'int32' ? dtype : 'float32', samples * sizeOf(shape.slice(1)));
}

/** Makes of `rows` the values that a model would read. */
function applyScale({ scale, offset }: HostTensor, rows: TypedArray): void {
  if (scale === 1 && offset === 0) return;
  for (let place = 0; place < rows.length; place++) rows[place] = rows[place]! * scale + offset;
}

/**
 * Several arrays in step, batch by batch. Each `for` over the result is an epoch; with `shuffle` each has an order of its
 * own, which the seed and the epoch's number decide.
 *
 * @param data arrays with as many samples each: tensors, typed arrays, values with a shape, arrays in arrays. Bytes and
 *   scaled values come out as float32.
 * @throws ShapeError where the counts differ; ValueError for settings that are none
 * @example
 * const training = batches([images, labels], { batchSize: 128, shuffle: true, seed: 1, dropLast: true });
 * for (let epoch = 0; epoch < 10; epoch++) {
 *   for (const [x, y] of training) {
 *     engine.write(imageInput, x.data);
 *     engine.write(labelInput, y.data);
 *     step.run();
 *   }
 * }
 */
export function batches<const T extends readonly DataLike[]>(data: T, options: BatchesOptions = {}): Batches<T> {
  checkCount('batches', arguments, 'data', 'options');
  requireArrays('batches', data);
  return new Batches(data.map(toTensor), options);
}
