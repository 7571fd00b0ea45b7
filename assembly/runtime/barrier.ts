// The barrier at which threads synchronise. The plan of a program says where barriers are needed (execute-together.ts). The words
// are in the control block (src/backends/wasm/threads/job-ring.ts), each on its own cache line.
//
// A thread first spins, because the other threads usually arrive within microseconds and waking a sleeping thread takes longer;
// then it sleeps. If a thread never arrives, the wait fails after a timeout instead of blocking forever.
import {
  CONTROL_ARRIVED,
  CONTROL_FAILED,
  CONTROL_GENERATION,
  CONTROL_PATIENCE,
  CONTROL_PROGRESS,
  CONTROL_SLEEPERS,
  CONTROL_SPINS,
} from '../constants';


const SECOND: i64 = 1_000_000_000;

/** Value of CONTROL_FAILED: a thread waited longer than the timeout. */
const STALLED: u32 = 1;

let control: usize = 0;

/** Sets the control block of the threads that this instance works with. */
export function set_control(block: usize): void {
  control = block;
}

@inline
export function control_block(): usize {
  return control;
}

@inline
export function has_failed(): bool {
  return atomic.load<u32>(control, CONTROL_FAILED) != 0;
}

/**
 * Waits until the word at `address` differs from `old`. Returns false if the threads have failed in the meantime. With a
 * `patience` (timeout in seconds) of 0, it waits without limit.
 */
export function wait_for_change(address: usize, old: u32, patience: u32): bool {
  for (let spins = load<u32>(control, CONTROL_SPINS); spins > 0; spins--) {
    if (atomic.load<u32>(address) != old) return true;
  }
  atomic.add<u32>(control, 1, CONTROL_SLEEPERS);
  let seconds: u32 = 0, sign = atomic.load<u32>(control, CONTROL_PROGRESS);
  while (atomic.load<u32>(address) == old && !has_failed()) {
    const timeout = patience == 0 ? -1 : SECOND;
    if (atomic.wait<i32>(address, <i32>old, timeout) != AtomicWaitResult.TIMED_OUT) continue;
    // Counts seconds of waiting instead of clock time: time in which the machine was suspended does not count.
    const now = atomic.load<u32>(control, CONTROL_PROGRESS);
    seconds = now == sign ? seconds + 1 : 0;
    sign = now;
    if (seconds == patience) {
      atomic.store<u32>(control, STALLED, CONTROL_FAILED);
      atomic.notify(address, -1);
    }
  }
  atomic.sub<u32>(control, 1, CONTROL_SLEEPERS);
  return !has_failed();
}

/** Sets the word at `address`, which was 0, and wakes the threads that wait for it with `wait_for_fellow`. */
export function publish(address: usize, value: u32): void {
  atomic.store<u32>(address, value);
  if (atomic.load<u32>(control, CONTROL_SLEEPERS) != 0) atomic.notify(address, -1);
}

/** Waits until another thread has published the word at `address`. Returns false if the threads have failed in the meantime. */
export function wait_for_fellow(address: usize): bool {
  return atomic.load<u32>(address) != 0 || wait_for_change(address, 0, load<u32>(control, CONTROL_PATIENCE));
}

/** Signals to waiting threads that this thread is making progress. */
export function show_progress(): void {
  atomic.add<u32>(control, 1, CONTROL_PROGRESS);
}

/** Returns true when all `threads` threads have arrived, and false if they have failed. */
export function barrier(threads: u32): bool {
  const generation = atomic.load<u32>(control, CONTROL_GENERATION);
  if (atomic.add<u32>(control, 1, CONTROL_ARRIVED) + 1 < threads) {
    return wait_for_change(control + CONTROL_GENERATION, generation, load<u32>(control, CONTROL_PATIENCE));
  }
  // The last thread to arrive resets the count before any thread can reach the next barrier.
  atomic.store<u32>(control, 0, CONTROL_ARRIVED);
  atomic.store<u32>(control, generation + 1, CONTROL_GENERATION);
  if (atomic.load<u32>(control, CONTROL_SLEEPERS) != 0) atomic.notify(control + CONTROL_GENERATION, -1);
  return true;
}
