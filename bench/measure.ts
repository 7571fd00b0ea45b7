/**
 * Times a piece of work: warms up, then takes samples until there are enough of them and enough time has passed, and
 * tells the median with the spread. Timings on a shared machine wander, so the mean says little.
 */
export interface Milliseconds {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

/** By the wall clock and, where there is a GPU that tells, by its own. */
export interface Timed extends Milliseconds {
  /** Without what it takes to submit, and to hear that it is done. */
  readonly gpu?: Milliseconds;
}

export interface MeasureOptions {
  /** Runs before the first sample: compilation, caches, the clock of the processor. */
  readonly warmUp?: number;
  /** At least so many samples … */
  readonly samples?: number;
  /** … and at least so long, */
  readonly milliseconds?: number;
  /** but no longer than this once there are three. */
  readonly atMost?: number;
}

/** Milliseconds of one call of `work`, which resolves when the work is done, not when it is queued. */
export async function measure(work: () => void | Promise<void>, options: MeasureOptions = {}): Promise<Milliseconds> {
  const { warmUp = 3, samples = 15, milliseconds = 300, atMost = 10_000 } = options;
  for (let run = 0; run < warmUp; run++) await work();
  const taken: number[] = [];
  const begin = performance.now();
  for (let passed = 0; taken.length < samples || passed < milliseconds; passed = performance.now() - begin) {
    if (taken.length >= 3 && passed > atMost) break;
    const start = performance.now();
    await work();
    taken.push(performance.now() - start);
  }
  return spread(taken);
}

/** Median, tenth and ninetieth percentile. Throws when there is nothing to tell. */
export function spread(samples: readonly number[]): Milliseconds {
  if (samples.length === 0) throw new Error('spread: no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9) };
}

/** Each of the three times `factor`: from many runs to one of them. */
export function scaled({ median, p10, p90 }: Milliseconds, factor: number): Milliseconds {
  return { median: median * factor, p10: p10 * factor, p90: p90 * factor };
}

/** Between the two nearest samples, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** How often `work` must be repeated for one sample to last about `milliseconds`: short calls drown in the clock. */
export async function repeatsFor(work: (repeats: number) => Promise<void>, milliseconds = 20): Promise<number> {
  await work(1);
  for (let repeats = 1; ; repeats *= 4) {
    const start = performance.now();
    await work(repeats);
    const taken = performance.now() - start;
    if (taken >= milliseconds / 4 || repeats >= 65_536) {
      return Math.max(1, Math.min(65_536, Math.round((repeats * milliseconds) / Math.max(taken, 0.1))));
    }
  }
}
