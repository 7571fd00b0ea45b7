// The fixed working memory of the kernels: small tables, the edge tile of a matrix product. It is the only
// memory that kernels write besides their operands. Each instance starts with the block that the binary reserves below
// __heap_base; where several instances share one memory, each but one is given a block of its own by `set_workspace`.
import { MATMUL_COLUMNS, MATMUL_DEPTH, MATMUL_ROWS } from '../constants';
import { TABLE_BYTES } from './part';

const STACK_BYTES: usize = 4096;
const EDGE_BYTES: usize = 512;

const WORKSPACE_BYTES: usize = TABLE_BYTES + STACK_BYTES + EDGE_BYTES;

/** The most scratch memory that a product asks for: panels of a block of B and of a block of A. */
const SCRATCH_BYTES: usize = MATMUL_DEPTH * (MATMUL_COLUMNS + MATMUL_ROWS) * 4;

let base: usize = memory.data(<i32>WORKSPACE_BYTES, 64);

export function set_workspace(pointer: usize): void {
  base = pointer;
}

/** Bytes of the block that each of several threads is given: a workspace, and scratch memory behind it. */
export function thread_bytes(): usize {
  return WORKSPACE_BYTES + SCRATCH_BYTES;
}

/** The scratch memory of a thread that was given a block by `set_workspace`. */
@inline
export function own_scratch(): usize {
  return base + WORKSPACE_BYTES;
}

/** TABLE_BYTES bytes for the tables that a kernel makes of its words. */
@inline
export function table(): usize {
  return base;
}

/** 4 KiB for partial sums, one slot of 128 bytes a level of recursion. */
@inline
export function stack(): usize {
  return base + TABLE_BYTES;
}

/** 512 bytes for the matrix product: a tile [6][8] that hangs over the edge, then a padded piece of bias. */
@inline
export function edge_tile(): usize {
  return base + TABLE_BYTES + STACK_BYTES;
}
