/**
 * Times graphs for the suites: compiles once and runs often enough for the clock, alone or alternating with another
 * graph.
 */
import type { Engine, Graph, Variable } from '../src/index.ts';
import type { GpuTimer } from './gpu-timer.ts';
import { measure, type Milliseconds, repeatsFor, scaled, spread, type Timed } from './measure.ts';
import { timerOf } from './start-engine.ts';

/** A compiled piece of work that can run any number of times. */
export interface Execution {
  /** Resolves when the work is done, not when it is queued. */
  run(repeats: number): Promise<void>;
  dispose(): void;
  /** The clock of the GPU that does the work. */
  readonly timer?: GpuTimer | undefined;
}

/** Compiles `graph`; disposing frees its program and the memory of `variables`. */
export async function execution(
  engine: Engine,
  graph: Partial<Graph>,
  variables: readonly Variable[],
): Promise<Execution> {
  const executable = await engine.compile(graph);
  return {
    timer: timerOf(engine),
    async run(repeats) {
      executable.run(repeats);
      await engine.finished();
    },
    dispose() {
      executable.dispose();
      engine.release(variables);
    },
  };
}

/** Milliseconds of one run of `graph`. */
export async function timeGraph(
  engine: Engine,
  graph: Partial<Graph>,
  variables: readonly Variable[],
  quick: boolean,
): Promise<Timed> {
  const made = await execution(engine, graph, variables);
  try {
    return await timeOne(made, quick);
  } finally {
    made.dispose();
  }
}

/** Milliseconds of one run, from samples of many runs. */
export async function timeOne({ run, timer }: Execution, quick: boolean): Promise<Timed> {
  const repeats = await repeatsFor(run, quick ? 1 : 20); // a page's clock may have less than a tenth of that resolution
  const times = await measure(() => run(repeats), quick ? { warmUp: 1, samples: 3, milliseconds: 0 } : {});
  const gpu = timer && (await timeOnGpu(timer, () => run(repeats), quick ? 3 : 15));
  return { ...scaled(times, 1 / repeats), ...(gpu && { gpu: scaled(gpu, 1 / repeats) }) };
}

/** Separate samples, so that timestamps do not affect the others. Null if the clock did not see all of them. */
async function timeOnGpu(timer: GpuTimer, work: () => Promise<void>, samples: number): Promise<Milliseconds | null> {
  const taken: number[] = [];
  const begin = performance.now();
  while (taken.length < samples && !(taken.length >= 3 && performance.now() - begin > 5000)) {
    const time = await timer.time(work);
    if (time === null) return null;
    taken.push(time);
  }
  return spread(taken);
}

export interface Pair {
  readonly first: Milliseconds;
  readonly second: Milliseconds;
  /** How many times faster the second is: the median over the rounds, each of which has met the same machine. */
  readonly ratio: number;
}

/** Pause between two turns: threads of the previous turn may still poll for work. */
const pause = 5;

/** Milliseconds of one run of each, alternating: first, second, first, second, … */
export async function timeInTurn(first: Execution, second: Execution, quick: boolean): Promise<Pair> {
  const repeats = [quick ? 1 : await repeatsFor(first.run), quick ? 1 : await repeatsFor(second.run)];
  const rounds = quick ? 3 : 21;
  const taken: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [side, { run }] of [first, second].entries()) {
      await new Promise((resolve) => setTimeout(resolve, quick ? 0 : pause));
      await run(1); // the other's turn has evicted the caches
      const start = performance.now();
      await run(repeats[side]!);
      taken[side]!.push((performance.now() - start) / repeats[side]!);
    }
  }
  const ratios = taken[0].map((time, round) => time / taken[1][round]!);
  return { first: spread(taken[0]), second: spread(taken[1]), ratio: spread(ratios).median };
}
