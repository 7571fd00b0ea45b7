// Constants shared with src: the build generates src/generated/wasm/constants.ts from this file. A constant keeps its name in
// camel case; an enum becomes the list of its members, and the index of a member is its value.

/** Marks the end of a program. No index in the function table has this value. */
export const PROGRAM_END: u32 = 0xffffffff;
/** Bytes of an instruction before the words of the kernel: the index in the function table and the total size in bytes. */
export const INSTRUCTION_HEAD: usize = 8;

// Matrix multiplication.

/** Columns of a tile and of a panel of B. */
export const TILE_COLUMNS: u32 = 8;
/** A multiple of the row count of every tile: the number of packed rows of A is rounded up to it. */
export const TILE_ROWS_MULTIPLE: u32 = 12;
/** Depth of a block. A panel of B is then 8 KiB, a quarter of the L1 cache. */
export const MATMUL_DEPTH: u32 = 256;
/** Rows of a block of A: at most 96 KiB, so that it stays in the L2 cache together with the panels of B. */
export const MATMUL_ROWS: u32 = 96;
/** Columns of a block of B: at most 512 KiB. */
export const MATMUL_COLUMNS: u32 = 512;

// Enumerations that kernel words refer to.

/** Reductions. */
export enum ReduceKind {
  sum,
  mean,
  /** NaN if any element is NaN. */
  max,
  /** NaN if any element is NaN. */
  min,
  sumOfSquares,
}

/** Dtypes of the tables that rows are gathered from. */
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

// How threads execute a program: the plan has one byte per instruction, preceded by a record in which thread 0 stores its
// measurements of the program.

/** Bytes of the record before a plan. It is initialised to zero. */
export const RECORD_BYTES: usize = 128;
/** Plan flag: all threads execute the instruction, each on its own part. */
export const PLAN_SHARED: u32 = 1;
/** Plan flag: all threads synchronise before the instruction. */
export const PLAN_BARRIER: u32 = 2;
/** Plan: the bits from this one upwards hold the index of the thread that executes an instruction that is not shared. */
export const PLAN_THREAD_SHIFT: u32 = 2;

// The control block that the threads share. Fields that different threads write are on separate cache lines. Offsets are in
// bytes.

/** Number of threads that have arrived at the barrier. */
export const CONTROL_ARRIVED: usize = 0;
/** Number of completed barriers. */
export const CONTROL_GENERATION: usize = 64;
/** Number of sleeping threads. */
export const CONTROL_SLEEPERS: usize = 128;
/** Nonzero if a thread has died or waited too long. */
export const CONTROL_FAILED: usize = 192;
/** Seconds that a thread waits for the other threads. */
export const CONTROL_PATIENCE: usize = 196;
/** Number of polls before a thread sleeps. */
export const CONTROL_SPINS: usize = 200;
/** Number of jobs posted so far. Wraps around. */
export const CONTROL_POSTED: usize = 256;
/** Number of jobs completed so far. Wraps around. */
export const CONTROL_DONE: usize = 320;
/** Nonzero if JavaScript waits to be notified when the next job completes. */
export const CONTROL_WANTED: usize = 324;
/** Number of steps that thread 0 has executed alone. It shows that thread 0 is alive while the other threads have no work. */
export const CONTROL_PROGRESS: usize = 328;
/** How thread 0 continues with the last program that threads can share: see runtime/choice.ts. */
export const CONTROL_WAY: usize = 332;
/** The ring buffer of jobs: each slot holds the kind of the job and its arguments. */
export const CONTROL_RING: usize = 512;
export const RING_JOBS: u32 = 256;
/**
 * Maximum number of pending jobs. All threads synchronise after this many jobs, so the ring overwrites only slots that every
 * thread has read.
 */
export const RING_ROOM: u32 = RING_JOBS / 2;
export const JOB_BYTES: u32 = 32;
export const CONTROL_BYTES: usize = CONTROL_RING + RING_JOBS * JOB_BYTES;

/**
 * program, plan (preceded by its record), steps; then the decision of thread 0: 1, and the number of steps that all threads
 * execute before thread 0 executes the rest
 */
export const JOB_TOGETHER: u32 = 1;
/** program, steps */
export const JOB_ALONE: u32 = 2;
/** to, from, bytes */
export const JOB_COPY: u32 = 3;
/** A job that JavaScript has to execute in every worker. */
export const JOB_OUTSIDE: u32 = 4;

// Reasons for which `work` returns.

export const WORK_FAILED: u32 = 0;
export const WORK_NEWS: u32 = 1;
export const WORK_OUTSIDE: u32 = 2;
