// Imports of the kernels outside the core module. Their modules are separate instances, which import `take` of the core module
// (share.ts) and the range that it sets. With threads they import `share` too. `workspace` is the address of TABLE_BYTES bytes
// for the tables of a kernel, followed by 4 KiB for partial sums (workspace.ts). Each thread has its own workspace.

/** Size of the tables in the workspace, in bytes. */
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

/** Address of 4 KiB for partial sums. */
@inline
export function stack(): usize {
  return workspace() + TABLE_BYTES;
}
