/**
 * Measures a case next to its ceiling, the machine's maximum rate. On WebAssembly both are measured in alternating
 * samples, because the processor's clock and other processes change within seconds.
 */
import { type Sampler, withCopies, withMultiplyAdds, withReads } from './wasm.ts';
import { type Execution, timeOne } from '../executions.ts';
import { repeatsFor, scaled, spread, type Timed } from '../measure.ts';
import { instructionsOf } from '../start-engine.ts';
import type { Context } from '../suite.ts';

export interface Held {
  readonly times: Timed;
  /** GFLOP/s or GB/s. */
  readonly ceiling: number;
}

/** The ceiling's rate: of multiply-adds, of copies that touch this many bytes, or of reading this many bytes. */
export type Against = 'multiply-adds' | { readonly copying: number } | { readonly reading: number };

/** Milliseconds of one run of `made`, which is disposed afterwards, and the ceiling measured at the same time. */
export async function holdAgainst(context: Context, made: Execution, against: Against): Promise<Held> {
  try {
    return await (context.backend === 'wasm' ? besideWasm(context, made, against) : onGpu(context, made, against));
  } finally {
    made.dispose();
  }
}

async function onGpu({ ceilings, quick }: Context, made: Execution, against: Against): Promise<Held> {
  const ceiling = against === 'multiply-adds' ? ceilings.gflops : ceilings.memoryBandwidth;
  return { times: await timeOne(made, quick), ceiling };
}

function besideWasm({ engine, request, quick }: Context, { run }: Execution, against: Against): Promise<Held> {
  const options = { threads: engine.info.threads, ...instructionsOf(request), quick };
  const inTurn = async (sampler: Sampler): Promise<Held> => {
    const repeats = await repeatsFor(run, quick ? 1 : 20);
    const [taken, best]: [number[], number[]] = [[], []];
    for (let round = 0; round < (quick ? 3 : 21); round++) {
      const rate = await sampler();
      await run(1); // the other's turn has evicted the caches
      const start = performance.now();
      await run(repeats);
      const milliseconds = performance.now() - start;
      if (round === 0 && !quick) continue; // warm-up of both
      best.push(rate);
      taken.push(milliseconds);
    }
    // other load on the machine does not lower a ceiling
    return { times: scaled(spread(taken), 1 / repeats), ceiling: spread(best).p90 };
  };
  if (against === 'multiply-adds') return withMultiplyAdds(options, inTurn);
  return 'copying' in against
    ? withCopies(against.copying, options, inTurn)
    : withReads(against.reading, options, inTurn);
}
