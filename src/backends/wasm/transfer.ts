/**
 * Values on their way between typed arrays and linear memory. While workers run programs the memory is theirs: then
 * values go through memory of their own, and a worker copies them in its turn, so that every run sees what was written
 * before it was asked for, and every read what was run before.
 */
import { bytesPerElement, copied, viewAs } from '../../core/dtype.ts';
import type { DType, TypedArray } from '../../core/dtype.ts';
import type { Heap } from './memory.ts';
import type { Pool } from './threads/pool.ts';

/** A run of elements in linear memory. */
export interface Elements {
  readonly dtype: DType;
  readonly address: number;
  readonly count: number;
}

/** Made anew each time: growing the memory detaches every older view. */
export function viewOf({ dtype, address, count }: Elements, heap: Heap): TypedArray {
  return viewAs(dtype, heap.memory.buffer, address, count);
}

export function writeElements(elements: Elements, values: TypedArray, heap: Heap, pool: Pool | null): void {
  if (pool === null || pool.isIdle) {
    viewOf(elements, heap).set(values);
    return;
  }
  const bytes = elements.count * bytesPerElement[elements.dtype];
  const address = heap.allocate(bytes, 'values on their way');
  viewOf({ ...elements, address }, heap).set(values);
  pool.copy(elements.address, address, bytes);
  pool.afterwards(() => heap.release(address));
}

export async function readElements(
  elements: Elements,
  heap: Heap,
  pool: Pool | null,
  into?: TypedArray,
): Promise<TypedArray> {
  if (pool === null || pool.isIdle) return copied(viewOf(elements, heap), into);
  const bytes = elements.count * bytesPerElement[elements.dtype];
  const address = heap.allocate(bytes, 'values on their way');
  pool.copy(address, elements.address, bytes);
  await pool.finished();
  const values = copied(viewOf({ ...elements, address }, heap), into);
  heap.release(address);
  return values;
}
