/** Runs `fit`: epochs of training in chunks of steps, validation after each epoch, and callbacks. */
import { deriveKey, permutation } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import type { CallbackList, History } from './callbacks.ts';
import { checkState } from './check-weights.ts';
import { newOrder, range, writeOrder } from '../data/data-set.ts';
import type { BatchView, DataSet } from '../data/data-set.ts';
import { ChunkSizer, runSteps } from './loop.ts';
import { evaluationProgram, trainingProgram } from './program.ts';
import type { TrainingSetup, StepProgram } from './program.ts';
import { ProgressReader } from './progress-reader.ts';
import { readResults } from './results.ts';
import type { ResultContext } from './results.ts';
import type { Logs, Results } from './sums.ts';
import { writeWithLock, withLock } from '../variables/locks.ts';

/** Everything that a run of `fit` needs. The data are already on the device. */
export interface FitRun {
  readonly engine: Engine;
  readonly setup: TrainingSetup;
  readonly data: DataSet;
  /** Number of training samples. They come first in `data`; the rest is used for validation. */
  readonly trained: number;
  readonly validationData: DataSet | null;
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  /** null: no shuffling. */
  readonly shuffleKey: Key | null;
  readonly callbacks: CallbackList;
  /** Number of training steps that the model has completed, including earlier runs. */
  stepsDone(): number;
  addSteps(count: number): void;
  stopped(): boolean;
  /** The weights that steps update. Each chunk of steps waits until no prediction or evaluation reads them. */
  readonly weights: readonly Variable[];
  /** Rejects with `NonFiniteError` if a weight is not finite. */
  checkWeights(): Promise<void>;
}

/** Trains until the last epoch or until `stopped()` returns true. Frees its programs and orders even if it fails. */
export async function runFit(run: FitRun): Promise<History> {
  const { engine, setup, data, batchSize: batch, trained, shuffleKey } = run;
  const orders: Variable[] = [];
  const programs: StepProgram[] = [];
  try {
    const makeOrder = (samples: Int32Array): Variable => {
      const order = newOrder(data);
      orders.push(order);
      writeOrder(engine, order, samples);
      return order;
    };
    const isWhole = trained === data.samples;
    const order = shuffleKey === null && isWhole ? null : makeOrder(range(0, trained));
    const training = await trainingProgram(engine, { data, batch, count: trained, order }, setup);
    programs.push(training);
    let validation: StepProgram | null = null;
    const view = validationView(run, () => makeOrder(range(trained, data.samples)));
    if (view) {
      validation = await evaluationProgram(engine, view, setup);
      programs.push(validation);
    }
    // Otherwise a non-finite weight would be reported as the output of the layer that uses it.
    await run.checkWeights();
    training.watch?.reset();
    return await runEpochs(run, training, validation, () => {
      if (shuffleKey === null) return;
      // The key depends on the step count, so that a resumed run shuffles as an uninterrupted one.
      writeOrder(engine, order!, permutation(deriveKey(shuffleKey, run.stepsDone()), trained));
    });
  } finally {
    for (const program of programs) program.dispose();
    engine.release(orders);
  }
}

function validationView(
  { data, trained, validationData, batchSize }: FitRun,
  restOrder: () => Variable,
): BatchView | null {
  if (validationData) {
    const count = validationData.samples;
    return { data: validationData, batch: Math.min(batchSize, count), count, order: null };
  }
  const count = data.samples - trained;
  return count === 0 ? null : { data, batch: Math.min(batchSize, count), count, order: restOrder() };
}

async function runEpochs(
  run: FitRun,
  training: StepProgram,
  validation: StepProgram | null,
  shuffle: () => void,
): Promise<History> {
  const { callbacks, epochs, initialEpoch } = run;
  const epoch: number[] = [];
  const history: Record<string, number[]> = {};
  const sizer = new ChunkSizer(run.engine);
  const validationSizer = new ChunkSizer(run.engine);
  let logs: Logs = {};
  await callbacks.onTrainBegin();
  for (let number = initialEpoch; number < epochs && !run.stopped(); number++) {
    await callbacks.onEpochBegin(number);
    shuffle();
    training.rewind();
    logs = { ...(await runEpoch(run, number, training, sizer)) };
    if (validation) {
      const context = { caller: 'fit', step: run.stepsDone(), epoch: number + 1 };
      const results = await withLock(run.weights, false, () =>
        runEvaluation(run.engine, validation, run.setup, context, validationSizer),
      );
      for (const [name, value] of Object.entries(results)) logs[`val_${name}`] = value;
    }
    await callbacks.onEpochEnd(number, logs);
    epoch.push(number);
    for (const [name, value] of Object.entries(logs)) (history[name] ??= []).push(value);
  }
  await checkState(run.engine, 'fit', run.weights, run.setup.optimizer, run.stepsDone());
  await callbacks.onTrainEnd(logs);
  return { epoch, history };
}

async function runEpoch(run: FitRun, epoch: number, training: StepProgram, sizer: ChunkSizer): Promise<Results> {
  const { engine, setup, callbacks, epochs, trained, batchSize } = run;
  const { parts, steps } = training;
  const reader = new ProgressReader(training, setup.metrics, () => run.stepsDone());
  const onChunk = async (step: number, chunk: number): Promise<boolean> => {
    run.addSteps(chunk);
    reader.poll();
    const samples = Math.min(step * batchSize, trained);
    await callbacks.onChunkEnd({ epoch, epochs, step, steps, samples }, reader.latest);
    return !run.stopped();
  };
  try {
    const schedule = (runChunk: () => void): Promise<void> | undefined => writeWithLock(run.weights, runChunk);
    await runSteps({ engine, parts, sizer, onChunk, schedule });
  } finally {
    await reader.settle();
  }
  return reader.read();
}

/** Runs an evaluation program over all samples. @throws NonFiniteError naming what is not finite */
export async function runEvaluation(
  engine: Engine,
  program: StepProgram,
  { metrics }: Pick<TrainingSetup, 'metrics'>,
  context: ResultContext,
  sizer: ChunkSizer = new ChunkSizer(engine),
): Promise<Results> {
  program.rewind();
  program.watch?.reset();
  await runSteps({ engine, parts: program.parts, sizer });
  return readResults(program, metrics, context);
}
