// Where threads meet: nobody goes on before all have come. Between execute.ts, whose plan says where, and the atomics of
// the machine. The words lie in the control block (src/backends/wasm/threads/job-ring.ts), each on a cache line of its own.
//
// A thread first looks again and again, for its fellows come within microseconds as a rule and waking a sleeper takes
// longer than that; then it sleeps. A fellow that never comes is a failure, not a wait without end.
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

/** In the word CONTROL_FAILED: a thread waited longer than the patience allows. */
const STALLED: u32 = 1;

let control: usize = 0;

/** The control block of the threads that this instance works with. */
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
 * Waits until the word at `address` is no longer `old`; false when the threads have failed meanwhile. With a `patience`
 * of 0 it may take for ever.
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
    // Seconds of waiting, not of the clock: a machine that slept has not made anybody wait.
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

/** Sets the word at `address`, which was 0, for all who wait for it with `wait_for_fellow`. */
export function publish(address: usize, value: u32): void {
  atomic.store<u32>(address, value);
  if (atomic.load<u32>(control, CONTROL_SLEEPERS) != 0) atomic.notify(address, -1);
}

/** Waits until a fellow has published the word at `address`; false when the threads have failed meanwhile. */
export function wait_for_fellow(address: usize): bool {
  return atomic.load<u32>(address) != 0 || wait_for_change(address, 0, load<u32>(control, CONTROL_PATIENCE));
}

/** Tells the waiting that this thread gets on. */
export function show_progress(): void {
  atomic.add<u32>(control, 1, CONTROL_PROGRESS);
}

/** True when all `threads` threads have come; false when they have failed. */
export function barrier(threads: u32): bool {
  const generation = atomic.load<u32>(control, CONTROL_GENERATION);
  if (atomic.add<u32>(control, 1, CONTROL_ARRIVED) + 1 < threads) {
    return wait_for_change(control + CONTROL_GENERATION, generation, load<u32>(control, CONTROL_PATIENCE));
  }
  // The last to come: the count starts anew before anybody can go on to the next barrier.
  atomic.store<u32>(control, 0, CONTROL_ARRIVED);
  atomic.store<u32>(control, generation + 1, CONTROL_GENERATION);
  if (atomic.load<u32>(control, CONTROL_SLEEPERS) != 0) atomic.notify(control + CONTROL_GENERATION, -1);
  return true;
}
