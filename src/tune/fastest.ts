/**
 * Selects the fastest of several candidates from noisy timings. It is independent of kernels and clocks: the caller passes a
 * function that runs a candidate and returns the time it took.
 */

/** Runs a candidate `runs` times in one batch and resolves with the total milliseconds. */
export type Timer = (name: string, runs: number) => Promise<number>;

/** Result of a comparison. */
export interface Trial {
  /** Name of the selected candidate. */
  readonly name: string;
  /** Median milliseconds per run of each candidate that was timed in all rounds, by name. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** Minimum milliseconds of a timing, long enough that wake-up latency and a clock resolution of 0.1 ms do not matter. */
const targetMilliseconds = 10;
/** Maximum runs of a timing. The dispatches of this many runs still fit into one submit. */
const maxRuns = 4096;
const rounds = 5;
/** A candidate that takes more than this multiple of the best time is eliminated before the rounds. */
const eliminationRatio = 2;
/** Smaller relative differences are noise, and do not justify deviating from the default. */
const margin = 0.05;

/**
 * Times the candidates in interleaved rounds, so that a disturbance affects all of them alike.
 *
 * @param base the default, one of `names`. Another candidate replaces it only if it takes at least 5 % less time.
 */
export async function fastest(names: readonly string[], base: string, time: Timer): Promise<Trial> {
  for (const name of names) await time(name, 1); // warm-up
  const runs = await enoughRuns(base, time);
  const first = new Map<string, number>();
  for (const name of names) first.set(name, await minOfTwo(time, name, runs));
  const least = Math.min(...first.values());
  const left = names.filter((name) => name === base || first.get(name)! <= eliminationRatio * least);
  const samples = new Map(left.map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, list] of samples) list.push((await time(name, runs)) / runs);
  }
  const milliseconds = Object.fromEntries([...samples].map(([name, list]) => [name, median(list)]));
  const best = left.reduce((a, b) => (milliseconds[b]! < milliseconds[a]! ? b : a));
  const name = milliseconds[best]! < (1 - margin) * milliseconds[base]! ? best : base;
  return { name, milliseconds };
}

async function enoughRuns(name: string, time: Timer): Promise<number> {
  let runs = 1;
  while (runs < maxRuns) {
    const took = await minOfTwo(time, name, runs);
    if (took >= targetMilliseconds) break;
    const factor = Math.max(2, Math.min(8, Math.ceil(targetMilliseconds / took)));
    runs = Math.min(maxRuns, runs * factor);
  }
  return runs;
}

/** Returns the smaller of two timings, which is less disturbed. */
async function minOfTwo(time: Timer, name: string, runs: number): Promise<number> {
  return Math.min(await time(name, runs), await time(name, runs));
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1]!;
}
