/**
 * Times a piece of work: warms up, then samples until there are enough samples and enough time has passed, and reports
 * the median and spread. Timings on a shared machine drift, so the mean says little.
 */
export interface Milliseconds {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

/** Times by the wall clock and, if the GPU supports timestamps, by its own clock. */
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

/** Median, tenth and ninetieth percentile. Throws without samples. */
export function spread(samples: readonly number[]): Milliseconds {
  if (samples.length === 0) throw new Error('spread: no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9) };
}

/** Multiplies all three times by `factor`: from many runs to one. */
export function scaled({ median, p10, p90 }: Milliseconds, factor: number): Milliseconds {
  return { median: median * factor, p10: p10 * factor, p90: p90 * factor };
}

/** Linear interpolation between the two nearest samples. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/**
 * How often to repeat `work` so that one sample lasts about `milliseconds`: the clock is too coarse for short calls.
 */
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
