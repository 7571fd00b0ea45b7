// The fixed working memory of the kernels: small tables, and the edge tile of a matrix product. It is the only memory that
// kernels write besides their operands. Each instance starts with the block that the binary reserves below __heap_base. If
// several instances share one memory, all but one receive their own block by `set_workspace`.
import { MATMUL_COLUMNS, MATMUL_DEPTH, MATMUL_ROWS } from '../constants';
import { TABLE_BYTES } from './part';

const STACK_BYTES: usize = 4096;
const EDGE_BYTES: usize = 512;

const WORKSPACE_BYTES: usize = TABLE_BYTES + STACK_BYTES + EDGE_BYTES;

/** Maximum scratch memory of a matrix product: panels of a block of B and of a block of A. */
const SCRATCH_BYTES: usize = MATMUL_DEPTH * (MATMUL_COLUMNS + MATMUL_ROWS) * 4;

let base: usize = memory.data(<i32>WORKSPACE_BYTES, 64);

export function set_workspace(pointer: usize): void {
  base = pointer;
}

/** Bytes of the block allocated to each of several threads: a workspace, followed by scratch memory. */
export function thread_bytes(): usize {
  return WORKSPACE_BYTES + SCRATCH_BYTES;
}

/** The scratch memory of a thread whose block was set by `set_workspace`. */
@inline
export function own_scratch(): usize {
  return base + WORKSPACE_BYTES;
}

/** Address of TABLE_BYTES bytes for the tables that a kernel builds from its words. */
@inline
export function table(): usize {
  return base;
}

/** Address of 4 KiB for partial sums, one slot of 128 bytes per level of recursion. */
@inline
export function stack(): usize {
  return base + TABLE_BYTES;
}

/** Address of 512 bytes for the matrix product: a partial tile [6][8] at the edge, then a padded part of the bias. */
@inline
export function edge_tile(): usize {
  return base + TABLE_BYTES + STACK_BYTES;
}
