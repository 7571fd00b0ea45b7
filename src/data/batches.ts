/**
 * Batches on the host, for custom training loops. `fit` builds its batches on the device instead. The values of a batch can
 * be passed to `engine.write`.
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

/** Options of `batches`. */
export interface BatchesOptions {
  /** Samples per batch. Default 32. */
  readonly batchSize?: number;
  /** Shuffles the samples in every epoch. Default false. */
  readonly shuffle?: boolean;
  /** Seed of the shuffling; equal seeds give equal orders. Default 0. */
  readonly seed?: number;
  /** Index of the first epoch; set it when training resumes. Default 0. */
  readonly initialEpoch?: number;
  /** Drops the last batch when it is incomplete. Default false: the last batch may be smaller. */
  readonly dropLast?: boolean;
  /** Reuses one buffer for all batches of an epoch: each batch overwrites the previous one. Default false. */
  readonly reuse?: boolean;
}

/** One tensor for each array. */
export type BatchOf<T extends readonly unknown[]> = { -readonly [Index in keyof T]: HostTensor };

const hostTensor: ArgumentType = { expected: 'a tensor', accepts: (value) => value instanceof HostTensor };

/** An iterable over the batches of an epoch; created by `batches()`. */
export class Batches<T extends readonly unknown[]> implements Iterable<BatchOf<T>> {
  /** Number of batches per epoch. */
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
    // uint8 data are scaled batch by batch: the whole array as float32 would take four times the memory.
    this.arrays = arrays.map((values) => (values.dtype === 'uint8' ? values : values.applyScale('batches')));
    markRaw(this);
    this.count = count;
    this.options = { batchSize, shuffle, seed, reuse };
    this.nextEpoch = initialEpoch;
    this.length = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  }

  /** Index of the next epoch. Save it and pass it as `initialEpoch` to resume. */
  get epoch(): number {
    return this.nextEpoch;
  }

  /** Iterates over one epoch. With `shuffle`, each epoch has a different order. */
  *[Symbol.iterator](): Iterator<BatchOf<T>, void> {
    const count = this.count;
    const arrays = this.arrays;
    const { batchSize, shuffle, seed, reuse } = this.options;
    const key = deriveKey(keyFromSeed(seed), this.nextEpoch++);
    const order = shuffle ? permutation(key, count) : Int32Array.from({ length: count }, (_, index) => index);
    const shared = reuse ? arrays.map((values) => allocateRows(values, Math.min(batchSize, count))) : null;
    for (let batch = 0; batch < this.length; batch++) {
      const begin = batch * batchSize;
      const samples = Math.min(batchSize, count - begin);
      yield arrays.map((values, index) => {
        const [, ...shape] = values.shape;
        const size = sizeOf(shape);
        const rows = shared ? shared[index]!.subarray(0, samples * size) : allocateRows(values, samples);
        copyRows(values.data, rows, size, order, begin, begin + samples);
        applyScale(values, rows);
        return new HostTensor(rows, [samples, ...shape]);
      }) as BatchOf<T>;
    }
  }
}

/** Allocates an array for `samples` rows. uint8 data become float32, because graph inputs are float32 or int32. */
function allocateRows({ dtype, shape }: HostTensor, samples: number): TypedArray {
  return typedArray(dtype === 'int32' ? dtype : 'float32', samples * sizeOf(shape.slice(1)));
}

/** Applies scale and offset to `rows` in place. */
function applyScale({ scale, offset }: HostTensor, rows: TypedArray): void {
  if (scale === 1 && offset === 0) return;
  for (let index = 0; index < rows.length; index++) rows[index] = rows[index]! * scale + offset;
}

/**
 * Splits several arrays into matching batches. Each iteration over the result is one epoch. With `shuffle`, the seed and the
 * epoch index determine the order of the samples.
 *
 * @param data arrays with equal numbers of samples: tensors, typed arrays, values with a shape, or nested arrays. uint8 and
 *   scaled values are returned as float32.
 * @returns an iterable; each batch has one tensor [batch, ...sample shape] per array
 * @throws ShapeError when the numbers of samples differ; ValueError for invalid options
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
