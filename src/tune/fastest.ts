/**
 * Which of several candidates is the fastest, told from timings that other work disturbs. Knows no kernels and no clock: it is
 * handed what runs a candidate and says how long that took. Below tune.ts.
 */

/** Runs a candidate so many times in one go; resolves with the milliseconds that it took. */
export type Timer = (name: string, runs: number) => Promise<number>;

export interface Trial {
  readonly name: string;
  /** Milliseconds of a run of each candidate that went all the rounds, by name: medians. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** A timing should last as long as this, beside which waking up and a clock of 0.1 ms are little. */
const wanted = 10;
/** A program of one dispatch still goes in one submit. */
const mostRuns = 4096;
const rounds = 5;
/** A candidate that takes so many times as long as the best is out before the rounds. */
const hopeless = 2;
/** Less than this is noise, and no reason to leave the choice that is known from other devices. */
const margin = 0.05;

/**
 * Times `names` in turn, round after round, so that what disturbs one round disturbs all of them.
 *
 * @param base the candidate to stay with, one of `names`, unless another takes 5 % less time
 */
export async function fastest(names: readonly string[], base: string, time: Timer): Promise<Trial> {
  for (const name of names) await time(name, 1); // what a first run does is not measured
  const runs = await enoughRuns(base, time);
  const first = new Map<string, number>();
  for (const name of names) first.set(name, await lesser(time, name, runs));
  const least = Math.min(...first.values());
  const left = names.filter((name) => name === base || first.get(name)! <= hopeless * least);
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
  while (runs < mostRuns) {
    const took = await lesser(time, name, runs);
    if (took >= wanted) break;
    const factor = Math.max(2, Math.min(8, Math.ceil(wanted / took)));
    runs = Math.min(mostRuns, runs * factor);
  }
  return runs;
}

/** Of two timings the one that was disturbed less. */
async function lesser(time: Timer, name: string, runs: number): Promise<number> {
  return Math.min(await time(name, runs), await time(name, runs));
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1]!;
}
