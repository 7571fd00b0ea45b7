/**
 * Time that JavaScript needs to submit steps to a GPU: from the call of `run` until it returns, with an empty queue.
 * Intercepts the programs that a WebGPU backend prepares.
 */
import type { PreparedProgram } from '../src/backends/backend.ts';
import { arrange } from '../src/backends/webgpu/arenas/index.ts';
import type { Program } from '../src/compiler/program.ts';
import {
  adam,
  createEngine,
  dense,
  type Engine,
  increment,
  sequential,
  tensor,
  variable,
  WebGPUBackend,
} from '../src/index.ts';
import { type Milliseconds, scaled, spread } from './measure.ts';

/** Steps per `run`, as `fit` requests them. */
const steps = 32;

export interface EncodeTime {
  readonly dispatches: number;
  /** Of one step. */
  readonly milliseconds: Milliseconds;
}

interface Caught {
  readonly program: Program;
  readonly prepared: PreparedProgram;
}

/** A separate engine, and the programs that it prepares. */
async function catching(): Promise<{ engine: Engine; caught: Caught[] }> {
  const backend = await WebGPUBackend.create();
  const caught: Caught[] = [];
  const prepare = backend.prepare.bind(backend);
  backend.prepare = async (program, variables) => {
    const prepared = await prepare(program, variables);
    caught.push({ program: arrange(program, variables, backend.traits), prepared }); // updates may have been merged
    return prepared;
  };
  return { engine: await createEngine({ backend }), caught };
}

const dispatchesOf = ({ program }: Caught): number =>
  program.steps.reduce((sum, { dispatches }) => sum + dispatches.length, 0);

async function time(engine: Engine, { program, prepared }: Caught, quick: boolean): Promise<EncodeTime> {
  const [warmUp, samples] = quick ? [1, 3] : [20, 40];
  const taken: number[] = [];
  for (let sample = -warmUp; sample < samples; sample++) {
    await engine.finished();
    const start = performance.now();
    prepared.run(steps);
    const end = performance.now();
    if (sample >= 0) taken.push(Math.max(end - start, 1e-3)); // a page's clock may not have advanced
  }
  await engine.finished();
  return { dispatches: dispatchesOf({ program, prepared }), milliseconds: scaled(spread(taken), 1 / steps) };
}

/** Encoding time of a program of `count` kernels that each increment one number. */
export async function timeTinyKernels(count: number, quick: boolean): Promise<EncodeTime> {
  const { engine, caught } = await catching();
  try {
    const counters = Array.from({ length: count }, () => variable([], { dtype: 'int32' }));
    await engine.compile({ updates: counters.map((counter) => [counter, increment(counter)] as const) });
    return await time(engine, caught[0]!, quick);
  } finally {
    engine.dispose();
  }
}

/** Encoding time of a training step of a network 784-128-64-10 with Adam, as `fit` compiles it. */
export async function timeTrainingStep(batch: number, quick: boolean): Promise<EncodeTime> {
  const { engine, caught } = await catching();
  try {
    const layers = [
      dense({ units: 128, activation: 'relu', inputShape: [784] }),
      dense({ units: 64, activation: 'relu' }),
    ];
    const model = sequential([...layers, dense({ units: 10, activation: 'softmax' })], { engine, seed: 1 });
    model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const [x, y] = [new Float32Array(batch * 784).fill(0.5), new Float32Array(batch * 10).fill(0.1)];
    const timed: { result?: EncodeTime } = {};
    const end = new Error('it was timed');
    const onEpochBegin = async (epoch: number): Promise<void> => {
      if (epoch === 0) return; // by now the program is compiled and its data are on the device
      const [training] = caught.sort((a, b) => dispatchesOf(b) - dispatchesOf(a));
      timed.result = await time(engine, training!, quick);
      throw end; // the steps ran past the end of the data
    };
    const options = { epochs: 2, batchSize: batch, callbacks: [{ onEpochBegin }] };
    await model.fit(tensor(x, [batch, 784]), tensor(y, [batch, 10]), options).catch((error: unknown) => {
      if (error !== end) throw error;
    });
    return timed.result!;
  } finally {
    engine.dispose();
  }
}
