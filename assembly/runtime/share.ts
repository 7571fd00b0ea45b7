// Divides one kernel among threads. Every thread runs the same program. If an instruction is shared, every thread calls the same
// kernel, and the kernel requests its part here: kernels import `take`, `part_begin` and `part_end`. execute-together.ts
// determines which threads take part.
//
// A kernel that can be shared begins with `if (!take(count, multiple, work)) return;` and then processes elements (rows, tiles …)
// `part_begin` to `part_end` of its `count`. Each result must come from the same operations in the same order, however the range
// is split. The kernel must not write anything before it calls `take`. It is listed in src/backends/wasm/threads/plan.ts; any
// other kernel runs entirely on one thread.

/** Index of this thread among those that share the current kernel. */
let part: u32 = 0;
/** Number of threads that share it; 0 while only the work estimate is requested and nothing must be executed. */
let parts: u32 = 1;
/** Work estimate of the current kernel. */
let estimate: f64 = 0;

/** Range of this thread. Valid until the kernel calls `take` again. */
export let part_begin: u32 = 0;
export let part_end: u32 = 0;

/** Number of threads that share the current kernel. If it is one, the kernel uses the scratch memory that its words name. */
@inline
export function sharers(): u32 {
  return parts;
}

/** From now on kernels are split into `count` parts, and this thread executes part `number`. */
export function share(number: u32, count: u32): void {
  part = number;
  parts = count;
}

/**
 * Sets `part_begin` and `part_end` to the part of this thread of 0 … count, split at multiples of `multiple`. Returns false if
 * the part is empty. `work` is the estimated time of the whole kernel on one thread, in nanoseconds: it decides whether sharing
 * pays off.
 */
export function take(count: u32, multiple: u32, work: f64): bool {
  if (parts == 1) {
    part_begin = 0;
    part_end = count;
    return count != 0;
  }
  if (parts == 0) {
    estimate = work;
    return false;
  }
  const units = (<u64>count + multiple - 1) / multiple;
  part_begin = <u32>min<u64>(count, units * part / parts * multiple);
  part_end = <u32>min<u64>(count, units * (part + 1) / parts * multiple);
  return part_begin < part_end;
}

/** Returns the work estimate of the kernel at `index` of the table with its words at `args`, without executing it. */
export function shared_work(index: u32, args: usize): f64 {
  estimate = 0;
  parts = 0;
  call_indirect<void>(index, args);
  parts = 1;
  return estimate;
}
