// Whether a program that threads can share is run by all of them, or by thread 0 alone. The plan cannot know: a core that
// another process has makes its thread late at every barrier, and then all are slower than one. So thread 0 measures.
// Below jobs.ts; the bits of a result are the same either way. What is known of a program is a record before its plan, of
// RECORD_BYTES bytes: zero at first, and thread 0's own.
//
// What is in use is timed all along. Now and then the other way is tried for a few steps, and taken where it is faster. What
// a trial loses is paid for by waiting until it is PRICE times as long ago, so that trials cost one part in PRICE at most;
// and where what is in use becomes slower than the other was, a trial comes early.

/** Ways to run. */
export const TOGETHER: u32 = 0;
export const ALONE: u32 = 1;

/** The way in use. */
const IN_USE: usize = 0;
/** 1 while the other is tried. */
const TRYING: usize = 4;
/** When it is to be tried next, in milliseconds of the clock; when at the earliest; what lies between two trials. */
const NEXT: usize = 8;
const EARLIEST: usize = 16;
const INTERVAL: usize = 24;
/** For each way: milliseconds and steps since it was last measured; milliseconds a step when it was, 0 if never. */
const WAYS: usize = 32;
const WAY_BYTES: usize = 24;
const TIME: usize = 0;
const STEPS: usize = 8;
const PACE: usize = 16;

/** Milliseconds that a measurement takes: longer than a time slice of the system's, for a thread is late by slices. */
const WINDOW: f64 = 20;
const TRIAL: f64 = 10;
/** What the other way has to be faster by. */
const MARGIN: f64 = 1.05;
const PRICE: f64 = 50;
/** Between two trials: at first, and after a change; then twice as long each time, up to the other. */
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

/** How many of the `steps` steps to come are to be run the way that is not in use. */
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

/** Takes note that `steps` steps took `time` milliseconds, until `now`, one way. */
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

/** Ends a trial of `way`, which took `pace` a step where what is in use takes `used`, and has lost `lost` milliseconds. */
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
