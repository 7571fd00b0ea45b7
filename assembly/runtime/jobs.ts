// The main loop of a worker: it takes one job after another from a ring buffer in shared memory, and sleeps while the ring is
// empty. src/backends/wasm/threads/worker.ts calls it; src/backends/wasm/threads/pool.ts writes the ring.
//
// A job is eight words: its kind, then its arguments. Every worker traverses all jobs in order. The other threads skip a job that
// belongs to thread 0 alone, and synchronise with thread 0 at the first barrier of the next shared job.
import {
  CONTROL_DONE,
  CONTROL_POSTED,
  CONTROL_RING,
  CONTROL_WANTED,
  CONTROL_WAY,
  JOB_ALONE,
  JOB_BYTES,
  JOB_COPY,
  JOB_OUTSIDE,
  JOB_TOGETHER,
  RECORD_BYTES,
  RING_JOBS,
  RING_ROOM,
  WORK_FAILED,
  WORK_NEWS,
  WORK_OUTSIDE,
} from '../constants';
import { barrier, control_block, publish, show_progress, wait_for_change, wait_for_fellow } from './barrier';
import { ALONE as BY_ONE, TOGETHER as BY_ALL, learn, steps_to_try, way_in_use } from './choice';
import { run } from './execute';
import { run_together } from './execute-together';


/** Offset, in a job that threads share, of the decision of thread 0. */
const CHOSEN: usize = 16;


/** Number of jobs that this worker has taken and completed. */
let taken: u32 = 0;
/** Whether the worker returned to JavaScript for a job. All threads have to synchronise before that job counts as completed. */
let outside = false;

/** Address of the current job of this worker. */
function job_address(): usize {
  return control_block() + CONTROL_RING + <usize>(taken % RING_JOBS) * JOB_BYTES;
}

/** Counts the job as completed. Returns true if JavaScript wants to be notified. */
function finish(thread: u32): bool {
  taken++;
  if (thread != 0) return false;
  const control = control_block();
  atomic.store<u32>(control, taken, CONTROL_DONE);
  return atomic.load<u32>(control, CONTROL_WANTED) != 0 && atomic.xchg<u32>(control, 0, CONTROL_WANTED) != 0;
}

/** Current time in milliseconds. */
@external("env", "now")
declare function now(): f64;

/** Executes the steps of a program on thread 0 alone. */
function run_alone(program: usize, steps: u32): void {
  for (; steps > 0; steps--) {
    run(program, 1);
    show_progress();
  }
}

/**
 * Executes a job that threads can share: thread 0 decides how many of the steps all threads execute. Returns false if another
 * thread has failed.
 */
function run_shared(job: usize, thread: u32, threads: u32): bool {
  const program = load<u32>(job, 4), record = load<u32>(job, 8), plan = record + <u32>RECORD_BYTES;
  if (thread != 0) {
    if (!wait_for_fellow(job + CHOSEN)) return false;
    const steps = atomic.load<u32>(job, CHOSEN) - 1;
    return steps == 0 || run_together(program, plan, steps, thread, threads);
  }
  const steps = load<u32>(job, 12);
  let begin = now();
  const tried = steps_to_try(record, steps, begin);
  const shared = way_in_use(record) == BY_ALL ? steps - tried : tried;
  publish(job + CHOSEN, shared + 1);
  if (shared > 0) {
    if (!run_together(program, plan, shared, thread, threads)) return false;
    begin = note(record, BY_ALL, shared, begin);
  }
  if (shared < steps) {
    run_alone(program, steps - shared);
    note(record, BY_ONE, steps - shared, begin);
  }
  atomic.store<u32>(control_block(), way_in_use(record), CONTROL_WAY);
  return true;
}

/** Records steps that began at `begin` and end now, and returns the current time. */
function note(record: usize, way: u32, steps: u32, begin: f64): f64 {
  const end = now();
  learn(record, way, steps, end - begin, end);
  return end;
}

/** Works until JavaScript is needed, and returns the reason. */
export function work(thread: u32, threads: u32): u32 {
  const control = control_block();
  if (outside) {
    outside = false;
    if (!barrier(threads)) return WORK_FAILED;
    if (finish(thread)) return WORK_NEWS;
  }
  for (;;) {
    if (taken % RING_ROOM == 0 && !barrier(threads)) break;
    if (atomic.load<u32>(control, CONTROL_POSTED) == taken && !wait_for_change(control + CONTROL_POSTED, taken, 0)) break;
    const job = job_address();
    const kind = load<u32>(job);
    if (kind == JOB_TOGETHER) {
      if (!run_shared(job, thread, threads)) break;
    } else if (kind == JOB_OUTSIDE) {
      outside = true;
      return WORK_OUTSIDE;
    } else if (thread == 0 && kind == JOB_ALONE) {
      run_alone(load<u32>(job, 4), load<u32>(job, 8));
    } else if (thread == 0 && kind == JOB_COPY) {
      memory.copy(load<u32>(job, 4), load<u32>(job, 8), load<u32>(job, 12));
    }
    if (finish(thread)) return WORK_NEWS;
  }
  return WORK_FAILED;
}
