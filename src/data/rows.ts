/**
 * Samples along a first axis, whatever they are kept in, and some of them in another order: what splitting and batching
 * do to each of several arrays in step.
 */
import { typedArray } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { ShapeError, ValueError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import { HostTensor } from './tensor.ts';

/** Copies rows `order[begin]` … `order[end − 1]` of `from` to the beginning of `to`, `size` values a row. */
export function copyRows(
  from: TypedArray,
  to: TypedArray,
  size: number,
  order: Int32Array,
  begin: number,
  end: number,
): void {
  for (let place = begin; place < end; place++) {
    const row = order[place]! * size;
    // A row of one value is not worth a view.
    if (size === 1) to[place - begin] = from[row]!;
    else to.set(from.subarray(row, row + size), (place - begin) * size);
  }
}

/** The rows of `values` that `order` names, scale and offset kept. */
export function takeRows({ data, dtype, shape, scale, offset }: HostTensor, order: Int32Array): HostTensor {
  const [, ...sample] = shape;
  const size = sizeOf(sample);
  const rows = typedArray(dtype, order.length * size);
  copyRows(data, rows, size, order, 0, order.length);
  return new HostTensor(rows, [order.length, ...sample], scale, offset);
}

/** Throws `ValueError` for anything but a list of arrays. */
export function requireArrays(caller: string, data: readonly unknown[]): void {
  if (Array.isArray(data) && data.length > 0) return;
  throw new ValueError(`${caller}: takes a list of arrays with as many samples each: give one, such as [x, y]`);
}

/**
 * How many samples each of several arrays has.
 *
 * @param counts one for each array; undefined for one without a first axis
 * @throws ValueError where there are none; ShapeError where the counts differ
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
