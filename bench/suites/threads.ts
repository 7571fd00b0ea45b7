/**
 * Several threads compared with one, in turn on the same machine: products, and the step of the network 784-128-64-10.
 * The value is the speedup. The ceiling is the speedup of independent multiply-adds, which shows what the cores can do
 * together.
 *
 * Targets: 1.8 with two threads from n = 512 on, and at least 1 everywhere.
 */
import { networkSizes, stepsPerRound, trainingTask } from '../comparison/tasks.ts';
import { training } from '../comparison/gradlet.ts';
import { measureCeilings } from '../ceilings/ceilings.ts';
import { type Execution, timeInTurn } from '../executions.ts';
import { scaled } from '../measure.ts';
import { productExecution } from '../products.ts';
import { instructionsOf, startEngine } from '../start-engine.ts';
import { type Context, type Measured, rate, type Suite } from '../suite.ts';
import type { Engine } from '../../src/index.ts';

interface Case {
  readonly name: string;
  /** Of which one run is reported. */
  readonly runs: number;
  prepare(engine: Engine): Promise<Execution>;
}

const product = (size: number): Case => ({
  name: `${size} × ${size}`,
  runs: 1,
  prepare: (engine) => productExecution(engine, { m: size, k: size, n: size }),
});

const step = (batch: number): Case => ({
  name: `step ${networkSizes.join('-')} batch ${batch}`,
  runs: stepsPerRound.step,
  async prepare(engine) {
    const { round, dispose } = training(engine, await trainingTask(batch, stepsPerRound.step));
    return {
      dispose,
      async run(repeats) {
        for (let repeat = 0; repeat < repeats; repeat++) await round();
      },
    };
  },
});

export const suite: Suite = {
  name: 'threads',
  description: 'two threads, or --threads N, against one: products from 32 to 1024, and a training step',
  only: 'wasm',
  async *run(context) {
    const { quick, request } = context;
    const sizes = quick ? [32] : [32, 64, 128, 256, 512, 1024];
    const cases = [...sizes.map(product), ...(quick ? [32] : [32, 128]).map(step)];
    const wanted = Math.max(2, request.threads ?? 2);
    const engines = [1, wanted].map((threads) => startEngine({ ...request, threads }));
    const [one, many] = (await Promise.all(engines)) as [Engine, Engine];
    try {
      const ceiling = await scaling(context, wanted);
      for (const each of cases) yield await compare(context, one, many, each, ceiling);
    } finally {
      one.dispose();
      many.dispose();
    }
  },
};

/** Ratio of the arithmetic rate of `threads` threads to that of one. */
async function scaling({ request, quick }: Context, threads: number): Promise<number> {
  const options = { ...instructionsOf(request), quick };
  const [one, many] = [await measureCeilings(options), await measureCeilings({ ...options, threads })];
  return many.gflops / one.gflops;
}

async function compare(
  { quick }: Context,
  one: Engine,
  many: Engine,
  { name, runs, prepare }: Case,
  ceiling: number,
): Promise<Measured> {
  const [alone, together] = [await prepare(one), await prepare(many)];
  try {
    const { second, ratio } = await timeInTurn(alone, together, quick);
    const { threads } = many.info; // not all requested threads may be available
    return { ...rate(name, scaled(second, 1 / runs), '× one thread', ratio, ceiling), threads };
  } finally {
    alone.dispose();
    together.dispose();
  }
}
