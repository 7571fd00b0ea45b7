/** Row operations that splitting and batching share: selecting and reordering samples along the first axis. */
import { typedArray } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { ShapeError, ValueError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import { HostTensor } from './tensor.ts';

/** Copies rows `order[begin]` … `order[end − 1]` of `from` to the beginning of `to`. A row has `size` values. */
export function copyRows(
  from: TypedArray,
  to: TypedArray,
  size: number,
  order: Int32Array,
  begin: number,
  end: number,
): void {
  for (let index = begin; index < end; index++) {
    const offset = order[index]! * size;
    // Creating a view costs more than copying a single value.
    if (size === 1) to[index - begin] = from[offset]!;
    else to.set(from.subarray(offset, offset + size), (index - begin) * size);
  }
}

/** Gathers the rows with the indices in `order`. Scale and offset are preserved. */
export function takeRows({ data, dtype, shape, scale, offset }: HostTensor, order: Int32Array): HostTensor {
  const [, ...sample] = shape;
  const size = sizeOf(sample);
  const rows = typedArray(dtype, order.length * size);
  copyRows(data, rows, size, order, 0, order.length);
  return new HostTensor(rows, [order.length, ...sample], scale, offset);
}

/** Throws `ValueError` unless `data` is a non-empty list. */
export function requireArrays(caller: string, data: readonly unknown[]): void {
  if (Array.isArray(data) && data.length > 0) return;
  throw new ValueError(`${caller}: takes a list of arrays with as many samples each: give one, such as [x, y]`);
}

/**
 * Returns the number of samples that all arrays have in common.
 *
 * @param counts number of samples per array; undefined for a scalar
 * @throws ValueError when there are no samples; ShapeError when the counts differ
 */
export function commonCount(caller: string, counts: readonly (number | undefined)[]): number {
  const [count] = counts;
  counts.forEach((other, index) => {
    if (other === undefined) {
      throw new ShapeError(`${caller}: data[${index}] is a scalar: samples lie along a first axis`);
    }
    if (other !== count) {
      throw new ShapeError(
        `${caller}: data[0] has ${count} samples and data[${index}] has ${other}: they must be equal`,
      );
    }
  });
  if (count === 0) throw new ValueError(`${caller}: the arrays have no samples: give at least one`);
  return count!;
}
