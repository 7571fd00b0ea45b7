// What a worker does all its life: takes one job after another from a ring in shared memory, and sleeps where there is
// none. Above execute.ts and execute-together.ts; called by src/backends/wasm/worker.ts; src/backends/wasm/pool.ts writes the ring.
//
// A job is eight words: its kind, then what the kind needs. Every worker goes through all jobs in their order; where a
// job is thread 0's alone the others pass it by, and meet thread 0 again at the first barrier of the next.
import { barrier, control_block, show_progress, wait_for_change } from './barrier';
import { run } from './execute';
import { run_together } from './execute-together';

/** Jobs asked for so far, and done. Both wrap around. */
const POSTED: usize = 256;
const DONE: usize = 320;
/** Not 0 when JavaScript wants to be told once the next job is done. */
const WANTED: usize = 324;
const RING: usize = 512;
const RING_JOBS: u32 = 256;
/**
 * After so many jobs all threads meet. The ring holds no more that are not done by thread 0, so what it writes over was
 * read by all.
 */
const MEETING: u32 = RING_JOBS / 2;
const JOB_BYTES: usize = 32;

/** program, plan, steps */
const TOGETHER: u32 = 1;
/** program, steps */
const ALONE: u32 = 2;
/** to, from, bytes */
const COPY: u32 = 3;
/** Something that JavaScript has to do in every worker. */
const OUTSIDE: u32 = 4;

/** Why `work` comes back. */
const HAS_FAILED: u32 = 0;
const HAS_NEWS: u32 = 1;
const HAS_OUTSIDE_JOB: u32 = 2;

/** Jobs that this worker has taken and done. */
let taken: u32 = 0;
/** The worker has been out for a job, and all have to meet before it counts as done. */
let outside = false;

/** The address of the job that the worker is at. */
function job_address(): usize {
  return control_block() + RING + <usize>(taken % RING_JOBS) * JOB_BYTES;
}

/** Counts the job as done; true when JavaScript wants to know. */
function finish(thread: u32): bool {
  taken++;
  if (thread != 0) return false;
  const control = control_block();
  atomic.store<u32>(control, taken, DONE);
  return atomic.load<u32>(control, WANTED) != 0 && atomic.xchg<u32>(control, 0, WANTED) != 0;
}

/** Works until JavaScript is needed, and says why. */
export function work(thread: u32, threads: u32): u32 {
  const control = control_block();
  if (outside) {
    outside = false;
    if (!barrier(threads)) return HAS_FAILED;
    if (finish(thread)) return HAS_NEWS;
  }
  for (;;) {
    if (taken % MEETING == 0 && !barrier(threads)) break;
    if (atomic.load<u32>(control, POSTED) == taken && !wait_for_change(control + POSTED, taken, 0)) break;
    const job = job_address();
    const kind = load<u32>(job);
    if (kind == TOGETHER) {
      if (!run_together(load<u32>(job, 4), load<u32>(job, 8), load<u32>(job, 12), thread, threads)) break;
    } else if (kind == OUTSIDE) {
      outside = true;
      return HAS_OUTSIDE_JOB;
    } else if (thread == 0 && kind == ALONE) {
      for (let steps = load<u32>(job, 8); steps > 0; steps--) {
        run(load<u32>(job, 4), 1);
        show_progress();
      }
    } else if (thread == 0 && kind == COPY) {
      memory.copy(load<u32>(job, 4), load<u32>(job, 8), load<u32>(job, 12));
    }
    if (finish(thread)) return HAS_NEWS;
  }
  return HAS_FAILED;
}
