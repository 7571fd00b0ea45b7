// The numbers that src knows too: the build writes src/generated/wasm/constants.ts from this file, a constant by its name in
// camel case and an enum as the list of its members, whose index is their number.

/** Ends a program; no index in the function table has this value. */
export const PROGRAM_END: u32 = 0xffffffff;
/** Bytes of an instruction before the kernel's words: the index in the function table, and the bytes of the whole. */
export const INSTRUCTION_HEAD: usize = 8;

// The matrix product.

/** Columns of a tile, and of a panel of B. */
export const TILE_COLUMNS: u32 = 8;
/** A multiple of the rows of every tile: packed rows of A are rounded up to it. */
export const TILE_ROWS_MULTIPLE: u32 = 12;
/** Depth of a block: a panel of B is then 8 KiB, a quarter of the first-level cache. */
export const MATMUL_DEPTH: u32 = 256;
/** Rows of a block of A: 96 KiB at most, to stay in the second level with the panels of B. */
export const MATMUL_ROWS: u32 = 96;
/** Columns of a block of B: 512 KiB at most. */
export const MATMUL_COLUMNS: u32 = 512;

// Numbers that words of kernels stand for.

/** Reductions. */
export enum ReduceKind {
  sum,
  mean,
  /** NaN if there is one. */
  max,
  /** NaN if there is one. */
  min,
  sumOfSquares,
}

/** Of the tables that rows are gathered from. */
export enum GatherDType {
  float32,
  int32,
  uint8,
}

/** Recurrent cells. */
export enum Cell {
  simple,
  lstm,
  gru,
}

/** Activations of recurrent cells. */
export enum CellActivation {
  linear,
  relu,
  sigmoid,
  tanh,
  hardSigmoid,
}

// How threads walk a program: the plan has a byte for each instruction, and before it what thread 0 knows of the program.

/** Bytes of the record before a plan: zero at first. */
export const RECORD_BYTES: usize = 128;
/** In the plan: all threads do the instruction, each its part. */
export const PLAN_SHARED: u32 = 1;
/** In the plan: first wait until every thread has come here. */
export const PLAN_BARRIER: u32 = 2;
/** In the plan: the bits from this one on are the number of the thread that does what is not shared. */
export const PLAN_THREAD_SHIFT: u32 = 2;

// The control block that threads share. What different threads write lies on cache lines of its own. Offsets in bytes.

/** Threads that have come to the barrier. */
export const CONTROL_ARRIVED: usize = 0;
/** Barriers that all have passed. */
export const CONTROL_GENERATION: usize = 64;
/** Threads that sleep. */
export const CONTROL_SLEEPERS: usize = 128;
/** Not 0 when a thread has died or waited too long. */
export const CONTROL_FAILED: usize = 192;
/** Seconds that a thread waits for its fellows. */
export const CONTROL_PATIENCE: usize = 196;
/** How often a thread looks before it sleeps. */
export const CONTROL_SPINS: usize = 200;
/** Jobs asked for so far. Wraps around. */
export const CONTROL_POSTED: usize = 256;
/** Jobs done so far. Wraps around. */
export const CONTROL_DONE: usize = 320;
/** Not 0 when JavaScript wants to be told once the next job is done. */
export const CONTROL_WANTED: usize = 324;
/** Steps that thread 0 has done alone: a sign of life while the others have nothing to do. */
export const CONTROL_PROGRESS: usize = 328;
/** How thread 0 goes on with the last program that threads can share: see runtime/choice.ts. */
export const CONTROL_WAY: usize = 332;
/** The ring of jobs: each its kind, then what the kind needs. */
export const CONTROL_RING: usize = 512;
export const RING_JOBS: u32 = 256;
/** Jobs that may wait: after so many all threads meet, so what the ring writes over was read by all. */
export const RING_ROOM: u32 = RING_JOBS / 2;
export const JOB_BYTES: u32 = 32;
export const CONTROL_BYTES: usize = CONTROL_RING + RING_JOBS * JOB_BYTES;

/** program, plan with the record before it, steps; then what thread 0 chooses: 1 and the steps that all do, before it does the rest */
export const JOB_TOGETHER: u32 = 1;
/** program, steps */
export const JOB_ALONE: u32 = 2;
/** to, from, bytes */
export const JOB_COPY: u32 = 3;
/** Something that JavaScript has to do in every worker. */
export const JOB_OUTSIDE: u32 = 4;

// Why `work` comes back.

export const WORK_FAILED: u32 = 0;
export const WORK_NEWS: u32 = 1;
export const WORK_OUTSIDE: u32 = 2;
