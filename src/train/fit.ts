/** One run of training: epochs of chunks, validation after each epoch, callbacks in between. */
import { deriveKey, permutation } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import type { CallbackList, History } from './callbacks.ts';
import { checkState } from './check-weights.ts';
import { newOrder, range, writeOrder } from '../data/data-set.ts';
import type { BatchView, DataSet } from '../data/data-set.ts';
import { Pace, runSteps } from './loop.ts';
import { evaluationProgram, trainingProgram } from './program.ts';
import type { Recipe, StepProgram } from './program.ts';
import { ProgressReader } from './progress-reader.ts';
import { readResults } from './results.ts';
import type { Occasion } from './results.ts';
import type { Logs, Results } from './sums.ts';
import { changeInTurn, inTurn } from '../variables/turns.ts';

/** A run, its data already on the device. */
export interface Run {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly data: DataSet;
  /** The first so many samples are trained on; the others are validated with, unless there is `validationData`. */
  readonly trained: number;
  readonly validationData: DataSet | null;
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  /** null: the samples as they lie. */
  readonly shuffleKey: Key | null;
  readonly callbacks: CallbackList;
  /** Steps of training done before, and a call after further ones. */
  stepsDone(): number;
  addSteps(count: number): void;
  stopped(): boolean;
  /** The weights that steps change, one chunk of steps after the other, while nothing reads them. */
  readonly weights: readonly Variable[];
  /** Rejects with `NonFiniteError` if a weight is not finite. */
  checkWeights(): Promise<void>;
}

/** Trains until the last epoch, or until it is stopped. Frees all that it took, whatever happens. */
export async function runFit(run: Run): Promise<History> {
  const { engine, recipe, data, batchSize: batch, trained, shuffleKey } = run;
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
    const training = await trainingProgram(engine, { data, batch, count: trained, order }, recipe);
    programs.push(training);
    let validation: StepProgram | null = null;
    const view = validationView(run, () => makeOrder(range(trained, data.samples)));
    if (view) {
      validation = await evaluationProgram(engine, view, recipe);
      programs.push(validation);
    }
    // A layer's output would be blamed for a weight that was not finite before.
    await run.checkWeights();
    training.watch?.reset();
    return await runEpochs(run, training, validation, () => {
      if (shuffleKey === null) return;
      // A key for each epoch of the model's life, so that a run that is continued goes on as if it had not stopped.
      writeOrder(engine, order!, permutation(deriveKey(shuffleKey, run.stepsDone()), trained));
    });
  } finally {
    for (const program of programs) program.dispose();
    engine.release(orders);
  }
}

function validationView(
  { data, trained, validationData, batchSize }: Run,
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
  run: Run,
  training: StepProgram,
  validation: StepProgram | null,
  shuffle: () => void,
): Promise<History> {
  const { callbacks, epochs, initialEpoch } = run;
  const epoch: number[] = [];
  const history: Record<string, number[]> = {};
  const pace = new Pace(run.engine);
  const validationPace = new Pace(run.engine);
  let logs: Logs = {};
  await callbacks.onTrainBegin();
  for (let number = initialEpoch; number < epochs && !run.stopped(); number++) {
    await callbacks.onEpochBegin(number);
    shuffle();
    training.rewind();
    logs = { ...(await runEpoch(run, number, training, pace)) };
    if (validation) {
      const occasion = { caller: 'fit', step: run.stepsDone(), epoch: number + 1 };
      const results = await inTurn(run.weights, false, () =>
        runEvaluation(run.engine, validation, run.recipe, occasion, validationPace),
      );
      for (const [name, value] of Object.entries(results)) logs[`val_${name}`] = value;
    }
    await callbacks.onEpochEnd(number, logs);
    epoch.push(number);
    for (const [name, value] of Object.entries(logs)) (history[name] ??= []).push(value);
  }
  await checkState(run.engine, 'fit', run.weights, run.recipe.optimizer, run.stepsDone());
  await callbacks.onTrainEnd(logs);
  return { epoch, history };
}

async function runEpoch(run: Run, epoch: number, training: StepProgram, pace: Pace): Promise<Results> {
  const { engine, recipe, callbacks, epochs, trained, batchSize } = run;
  const { parts, steps } = training;
  const reader = new ProgressReader(training, recipe.metrics, () => run.stepsDone());
  const onChunk = async (step: number, chunk: number): Promise<boolean> => {
    run.addSteps(chunk);
    reader.poll();
    const samples = Math.min(step * batchSize, trained);
    await callbacks.onChunkEnd({ epoch, epochs, step, steps, samples }, reader.latest);
    return !run.stopped();
  };
  try {
    const turn = (runChunk: () => void): Promise<void> | undefined => changeInTurn(run.weights, runChunk);
    await runSteps({ engine, parts, pace, onChunk, turn });
  } finally {
    await reader.settle();
  }
  return reader.read();
}

/** Goes through all the samples of an evaluation program once. @throws NonFiniteError naming what is not finite */
export async function runEvaluation(
  engine: Engine,
  program: StepProgram,
  { metrics }: Pick<Recipe, 'metrics'>,
  occasion: Occasion,
  pace: Pace = new Pace(engine),
): Promise<Results> {
  program.rewind();
  program.watch?.reset();
  await runSteps({ engine, parts: program.parts, pace });
  return readResults(program, metrics, occasion);
}
