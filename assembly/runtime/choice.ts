// Decides whether a program that threads can share is executed by all threads or by thread 0 alone. The plan cannot know: if
// another process occupies a core, its thread is late at every barrier, and all threads together are then slower than one. Thread
// 0 therefore measures both ways for jobs.ts. The bits of a result are the same either way. The measurements of a program are
// stored in a record of RECORD_BYTES bytes before its plan. The record is initialised to zero, and only thread 0 uses it.
//
// The way in use is timed continuously. From time to time the other way is tried for a few steps, and adopted if it is faster.
// The time lost in a trial is amortised by waiting PRICE times as long before the next one, so trials cost at most one part in
// PRICE. If the way in use becomes slower than the other way was, a trial starts early.

/** Ways to execute a program. */
export const TOGETHER: u32 = 0;
export const ALONE: u32 = 1;

/** Offset: the way in use. */
const IN_USE: usize = 0;
/** Offset: 1 while the other way is tried. */
const TRYING: usize = 4;
/** Offsets, in milliseconds of the clock: time of the next trial, its earliest time, and the interval between two trials. */
const NEXT: usize = 8;
const EARLIEST: usize = 16;
const INTERVAL: usize = 24;
/**
 * For each way: milliseconds and steps since its last measurement; milliseconds per step at that measurement, 0 if it was never
 * measured.
 */
const WAYS: usize = 32;
const WAY_BYTES: usize = 24;
const TIME: usize = 0;
const STEPS: usize = 8;
const PACE: usize = 16;

/**
 * Duration of a measurement in milliseconds: longer than a time slice of the operating system, because threads are delayed by
 * whole time slices.
 */
const WINDOW: f64 = 20;
const TRIAL: f64 = 10;
/** Factor by which the other way has to be faster. */
const MARGIN: f64 = 1.05;
const PRICE: f64 = 50;
/** Interval between two trials: initially, and after a change, SHORTEST. It doubles each time, up to LONGEST. */
const SHORTEST: f64 = 100;
const LONGEST: f64 = 2000;

@inline
function way_of(record: usize, way: u32): usize {
  return record + WAYS + <usize>way * WAY_BYTES;
}

@inline
export function way_in_use(record: usize): u32 {
  return load<u32>(record, IN_USE);
}

/** Number of the next `steps` steps to execute in the way that is not in use. */
export function steps_to_try(record: usize, steps: u32, now: f64): u32 {
  const used = way_in_use(record);
  let pace = load<f64>(way_of(record, used), PACE);
  if (load<u32>(record, TRYING) == 0) {
    if (pace == 0 || now < load<f64>(record, NEXT)) return 0;
    store<u32>(record, 1, TRYING);
  }
  const other = way_of(record, 1 - used);
  const time = load<f64>(other, TIME);
  if (time > 0) pace = time / load<f64>(other, STEPS);
  else if (load<f64>(other, PACE) != 0) pace = load<f64>(other, PACE);
  const wanted = ceil((TRIAL - time) / pace);
  return wanted < steps ? <u32>max(wanted, 1) : steps;
}

/** Records that `steps` steps took `time` milliseconds, until `now`, in one way. */
export function learn(record: usize, way: u32, steps: u32, time: f64, now: f64): void {
  const used = way_in_use(record);
  const isTrial = way != used;
  if (isTrial && load<u32>(record, TRYING) == 0) return; // the rest of a job in which the way has changed
  const at = way_of(record, way);
  const whole = load<f64>(at, TIME) + time, count = load<f64>(at, STEPS) + <f64>steps;
  const isMeasured = whole >= (isTrial ? TRIAL : WINDOW);
  store<f64>(at, isMeasured ? 0 : whole, TIME);
  store<f64>(at, isMeasured ? 0 : count, STEPS);
  if (!isMeasured) return;
  const pace = whole / count;
  store<f64>(at, pace, PACE);
  const other = load<f64>(way_of(record, 1 - way), PACE);
  if (isTrial) judge(record, way, pace, other, whole - count * other, now);
  else if (other != 0 && pace > other * MARGIN) {
    store<f64>(record, min(load<f64>(record, NEXT), load<f64>(record, EARLIEST)), NEXT);
  }
}

/** Ends a trial of `way`, which took `pace` ms per step where the way in use takes `used`, and which lost `lost` milliseconds. */
function judge(record: usize, way: u32, pace: f64, used: f64, lost: f64, now: f64): void {
  const isBetter = pace * MARGIN < used;
  if (isBetter) {
    store<u32>(record, way, IN_USE);
    store<f64>(way_of(record, 1 - way), 0, TIME);
    store<f64>(way_of(record, 1 - way), 0, STEPS);
  }
  const before = load<f64>(record, INTERVAL);
  const interval = isBetter || before == 0 ? SHORTEST : min(2 * before, LONGEST);
  const earliest = now + max(SHORTEST, PRICE * lost);
  store<u32>(record, 0, TRYING);
  store<f64>(record, interval, INTERVAL);
  store<f64>(record, earliest, EARLIEST);
  store<f64>(record, max(earliest, now + interval), NEXT);
}
