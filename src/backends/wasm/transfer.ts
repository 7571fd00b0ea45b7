/**
 * Copies values between typed arrays and linear memory. While workers run programs, values go through a staging block,
 * and a worker copies them in queue order. A run therefore sees all writes queued before it, and a read sees all runs
 * queued before it.
 */
import { bytesPerElement, copied, viewAs } from '../../core/dtype.ts';
import type { DType, TypedArray } from '../../core/dtype.ts';
import type { Heap } from './memory.ts';
import type { Pool } from './threads/pool.ts';

/** A range of elements in linear memory. */
export interface Elements {
  readonly dtype: DType;
  readonly address: number;
  readonly count: number;
}

/** Creates a view. Views must not be cached, because growing the memory detaches them. */
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
  pool.whenDone(() => heap.release(address));
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
