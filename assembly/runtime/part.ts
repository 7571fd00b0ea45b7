// What share.ts is to the kernels of the core module, for those of the other modules: they are instances of their own, and
// import the core's `take` and the range that it sets. Threads import `share` too. `workspace` is TABLE_BYTES bytes for
// the tables that a kernel makes and, behind them, 4 KiB for partial sums (workspace.ts); each thread has its own.

/** Bytes of the tables in the workspace. */
export const TABLE_BYTES: usize = 512;

/** See share.ts. */
@external("env", "take")
export declare function take(count: u32, multiple: u32, work: f64): bool;

@external("env", "part_begin")
export declare let part_begin: u32;

@external("env", "part_end")
export declare let part_end: u32;

@external("env", "share")
export declare function share(number: u32, count: u32): void;

@external("env", "workspace")
export declare function workspace(): usize;

/** 4 KiB for partial sums. */
@inline
export function stack(): usize {
  return workspace() + TABLE_BYTES;
}
