/** Single passes over data: evaluation, prediction and one training step. */
import { NonFiniteError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import { constant } from '../ops/define.ts';
import { HostTensor } from '../data/tensor.ts';
import { markFinite, uncheckedChanges } from '../variables/residency.ts';
import { checkFeatures, formatPosition } from '../data/features.ts';
import { DataSet } from '../data/data-set.ts';
import type { BatchView } from '../data/data-set.ts';
import { runEvaluation } from './fit.ts';
import { ChunkSizer, runSteps } from './loop.ts';
import type { Samples } from './samples.ts';
import { disposePrepared } from './program-cache.ts';
import type { Prepared, ProgramCache } from './program-cache.ts';
import { diagnosisProgram, evaluationProgram, predictionProgram, trainingProgram } from './program.ts';
import type { PredictionProgram, TrainingSetup, StepProgram } from './program.ts';
import { passError, readResults } from './results.ts';
import type { Results } from './sums.ts';
import type { Topology } from '../nn/topology.ts';

/** The engine, program cache and model state that a pass uses. */
export interface PassContext {
  readonly engine: Engine;
  readonly cache: ProgramCache;
  /** Name of the public method for error messages: `evaluate`. */
  readonly caller: string;
  /** Number of completed training steps. */
  readonly step: number;
  /** Rejects with `NonFiniteError` if a weight is not finite. */
  checkWeights(): Promise<void>;
}

/** Computes loss and metrics over all samples, `batchSize` at a time. @throws NonFiniteError naming what is not finite */
export async function evaluateSamples(
  context: PassContext,
  setup: TrainingSetup,
  samples: Samples,
  batchSize: number,
): Promise<Results> {
  const batch = Math.min(batchSize, samples.count);
  const make = (view: BatchView): Promise<StepProgram> => evaluationProgram(context.engine, view, setup);
  return withProgram(context, 'evaluate', { ...samples, batch }, make, async ({ program }) => {
    await context.checkWeights();
    return runEvaluation(context.engine, program, setup, context);
  });
}

/** Runs one training step with all samples as one batch. Calls `onStep` as soon as the step is queued. */
export async function trainOnSamples(
  context: PassContext,
  setup: TrainingSetup,
  samples: Samples,
  onStep: () => void,
): Promise<Results> {
  const make = (view: BatchView): Promise<StepProgram> => trainingProgram(context.engine, view, setup, true);
  return withProgram(context, 'train', { ...samples, batch: samples.count }, make, async ({ program }) => {
    // Otherwise a non-finite weight would be reported as the output of the layer that uses it.
    await context.checkWeights();
    program.rewind();
    program.watch?.reset();
    program.parts[0]!.executable.run(1);
    onStep();
    const changes = uncheckedChanges(setup.topology.weights);
    const results = await readResults(program, setup.metrics, context);
    if (changes) markFinite(changes);
    return results;
  });
}

/**
 * Computes the model's output for every sample.
 *
 * @param given one tensor [samples, ...] for each input of the model
 * @returns [samples, ...] in the dtype of the output
 * @throws ShapeError, DTypeError or ValueError for data that do not fit; NonFiniteError if an output is not finite
 */
export async function predictRows(
  context: PassContext,
  topology: Topology,
  given: readonly HostTensor[],
  batchSize: number,
): Promise<HostTensor> {
  const features = checkFeatures('predict', given, topology.specs);
  const batch = Math.min(batchSize, features[0]!.shape[0]!);
  const iterations = constant(0, [], 'int32');
  const make = (view: BatchView): Promise<PredictionProgram> =>
    predictionProgram(context.engine, view, topology, iterations);
  return withProgram(context, 'predict', { features, batch }, make, async ({ program }) => {
    const checked = context.checkWeights();
    checked.catch(() => undefined); // awaited below
    program.rewind();
    const { parts, rows } = program;
    await runSteps({ engine: context.engine, parts, sizer: new ChunkSizer(context.engine) });
    const values = await context.engine.read(rows);
    await checked;
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) return new HostTensor(values, rows.shape);
    await diagnose(context, topology, features, batch, Math.floor((wrong * rows.shape[0]!) / values.length));
    const { name } = topology.outputs[0]!.layer;
    throw new NonFiniteError(
      `predict: the output of layer '${name}' is ${values[wrong]} ${formatPosition(wrong, rows.shape)}: scale the data to a ` +
        `small range, or keep what the layer computes finite`,
      name,
      context.step,
    );
  });
}

/** Reruns the batch that contains `sample` and throws `NonFiniteError` naming the first layer whose output is not finite. */
async function diagnose(
  context: PassContext,
  topology: Topology,
  features: readonly HostTensor[],
  batch: number,
  sample: number,
): Promise<void> {
  const begin = sample - (sample % batch);
  const rows = features.map((all) => rowsOf(all, begin, begin + batch));
  const data = new DataSet(context.engine, rows);
  try {
    const view = { data, batch: data.samples, count: data.samples, order: null };
    const program = await diagnosisProgram(context.engine, view, topology, constant(0, [], 'int32'));
    try {
      program.watch.reset();
      program.parts[0]!.executable.run(1);
      const found = await program.watch.find();
      if (found) throw passError(context, { ...found, count: begin });
    } finally {
      program.dispose();
    }
  } finally {
    data.release();
  }
}

/** Copies the samples from `begin` (inclusive) to `end` (exclusive), clamped to the number of samples. */
function rowsOf({ data, shape: [count, ...shape], scale, offset }: HostTensor, begin: number, end: number): HostTensor {
  const [size, last] = [sizeOf(shape), Math.min(end, count!)];
  return new HostTensor(data.slice(begin * size, last * size), [last - begin, ...shape], scale, offset);
}

interface PassData {
  readonly features: readonly HostTensor[];
  readonly labels?: HostTensor;
  readonly batch: number;
}

/** Runs `use` with a cached program for data of these shapes, or with a new one. A program that failed is not cached. */
async function withProgram<P extends StepProgram, T>(
  { engine, cache }: PassContext,
  kind: string,
  { features, labels, batch }: PassData,
  make: (view: BatchView) => Promise<P>,
  use: (prepared: Prepared<P>) => Promise<T>,
): Promise<T> {
  const tensors = [...features, ...(labels ? [labels] : [])];
  const key = JSON.stringify([
    kind,
    batch,
    tensors.map(({ shape, dtype, scale, offset }) => [shape, dtype, scale, offset]),
  ]);
  const { generation } = cache;
  let prepared = cache.take(key) as Prepared<P> | undefined;
  if (prepared) {
    prepared.data.write(features, labels);
  } else {
    const data = new DataSet(engine, features, labels);
    try {
      prepared = { data, program: await make({ data, batch, count: data.samples, order: null }) };
    } catch (error) {
      data.release();
      throw error;
    }
  }
  try {
    const result = await use(prepared);
    cache.put(key, prepared, generation);
    return result;
  } catch (error) {
    disposePrepared(prepared);
    throw error;
  }
}
