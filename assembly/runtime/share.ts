// How one kernel is divided among threads. Every thread runs the same program; where an instruction is shared, each calls
// the same kernel, and the kernel asks here for its part. Below execute.ts, which says who takes part, and above nothing:
// kernels import `take`, `part_begin` and `part_end`.
//
// A kernel that can be shared begins with `if (!take(count, multiple, work)) return;` and then does elements (rows,
// tiles …) `part_begin` to `part_end` of its `count`, in such a way that each result comes from the same operations in the same
// order however the range was cut. It writes nothing before. It is listed in src/backends/wasm/threads/plan.ts; any
// other kernel runs whole, on one thread.

/** This thread's number among those that share the kernel at hand. */
let part: u32 = 0;
/** Threads that share it; 0 while the work is asked for, and nothing is to be done. */
let parts: u32 = 1;
/** What the kernel at hand has said about its work. */
let estimate: f64 = 0;

/** This thread's range. Valid until the kernel takes again. */
export let part_begin: u32 = 0;
export let part_end: u32 = 0;

/** How many threads share the kernel at hand: with one, it has the scratch memory that its words name. */
@inline
export function sharers(): u32 {
  return parts;
}

/** From now on kernels are done in `count` parts, and this thread does number `number`. */
export function share(number: u32, count: u32): void {
  part = number;
  parts = count;
}

/**
 * Sets `part_begin` and `part_end` to this thread's part of 0 … count, cut at multiples of `multiple`; false when that is nothing.
 * `work` is the time of the whole on one thread, in nanoseconds, roughly: it decides whether sharing pays.
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

/** What the kernel at `index` of the table, with its words at `args`, says about its work; it does nothing else. */
export function shared_work(index: u32, args: usize): f64 {
  estimate = 0;
  parts = 0;
  call_indirect<void>(index, args);
  parts = 1;
  return estimate;
}
