/** Single passes over data: evaluation, prediction, and one step of training. */
import { NonFiniteError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import { constant } from '../ops/define.ts';
import { HostTensor } from '../data/tensor.ts';
import { markFinite, unknownChanges } from '../variables/homes.ts';
import { checkFeatures, formatPlace } from '../data/features.ts';
import { DataSet } from '../data/data-set.ts';
import type { BatchView } from '../data/data-set.ts';
import { runEvaluation } from './fit.ts';
import { Pace, runSteps } from './loop.ts';
import type { Samples } from './samples.ts';
import { disposePrepared } from './program-cache.ts';
import type { Prepared, ProgramCache } from './program-cache.ts';
import { diagnosisProgram, evaluationProgram, predictionProgram, trainingProgram } from './program.ts';
import type { PredictionProgram, Recipe, StepProgram } from './program.ts';
import { passError, readResults } from './results.ts';
import type { Results } from './sums.ts';
import type { Topology } from '../nn/topology.ts';

/** Where passes run, and for whom. */
export interface Place {
  readonly engine: Engine;
  readonly cache: ProgramCache;
  /** Names the call in errors: `evaluate`. */
  readonly caller: string;
  /** Training steps done. */
  readonly step: number;
  /** Rejects with `NonFiniteError` if a weight is not finite. */
  checkWeights(): Promise<void>;
}

export async function evaluateSamples(
  place: Place,
  recipe: Recipe,
  samples: Samples,
  batchSize: number,
): Promise<Results> {
  const batch = Math.min(batchSize, samples.count);
  const make = (view: BatchView): Promise<StepProgram> => evaluationProgram(place.engine, view, recipe);
  return withProgram(place, 'evaluate', { ...samples, batch }, make, async ({ program }) => {
    await place.checkWeights();
    return runEvaluation(place.engine, program, recipe, place);
  });
}

/** One step on all of the samples together. Calls `onStep` once it runs. */
export async function trainOnSamples(
  place: Place,
  recipe: Recipe,
  samples: Samples,
  onStep: () => void,
): Promise<Results> {
  const make = (view: BatchView): Promise<StepProgram> => trainingProgram(place.engine, view, recipe, true);
  return withProgram(place, 'train', { ...samples, batch: samples.count }, make, async ({ program }) => {
    // A layer's output would be blamed for a weight that was not finite before.
    await place.checkWeights();
    program.rewind();
    program.watch?.reset();
    program.parts[0]!.executable.run(1);
    onStep();
    const changes = unknownChanges(recipe.topology.weights);
    const results = await readResults(program, recipe.metrics, place);
    if (changes) markFinite(changes);
    return results;
  });
}

/** The output for every sample, in its dtype. */
export async function predictRows(
  place: Place,
  topology: Topology,
  given: readonly HostTensor[],
  batchSize: number,
): Promise<HostTensor> {
  const features = checkFeatures('predict', given, topology.specs);
  const batch = Math.min(batchSize, features[0]!.shape[0]!);
  const iterations = constant(0, [], 'int32');
  const make = (view: BatchView): Promise<PredictionProgram> =>
    predictionProgram(place.engine, view, topology, iterations);
  return withProgram(place, 'predict', { features, batch }, make, async ({ program }) => {
    const checked = place.checkWeights();
    checked.catch(() => undefined); // awaited below
    program.rewind();
    const { parts, rows } = program;
    await runSteps({ engine: place.engine, parts, pace: new Pace(place.engine) });
    const values = await place.engine.read(rows);
    await checked;
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) return new HostTensor(values, rows.shape);
    await diagnose(place, topology, features, batch, Math.floor((wrong * rows.shape[0]!) / values.length));
    const { name } = topology.outputs[0]!.layer;
    throw new NonFiniteError(
      `predict: the output of layer '${name}' is ${values[wrong]} ${formatPlace(wrong, rows.shape)}: scale the data to a ` +
        `small range, or keep what the layer computes finite`,
      name,
      place.step,
    );
  });
}

/** Runs the batch of `sample` once more, and throws `NonFiniteError` naming the first layer whose output is not finite. */
async function diagnose(
  place: Place,
  topology: Topology,
  features: readonly HostTensor[],
  batch: number,
  sample: number,
): Promise<void> {
  const begin = sample - (sample % batch);
  const rows = features.map((all) => rowsOf(all, begin, begin + batch));
  const data = new DataSet(place.engine, rows);
  try {
    const view = { data, batch: data.samples, count: data.samples, order: null };
    const program = await diagnosisProgram(place.engine, view, topology, constant(0, [], 'int32'));
    try {
      program.watch.reset();
      program.parts[0]!.executable.run(1);
      const found = await program.watch.find();
      if (found) throw passError(place, { ...found, count: begin });
    } finally {
      program.dispose();
    }
  } finally {
    data.release();
  }
}

/** The samples from `begin` to before `end`, or as many as there are. */
function rowsOf({ data, shape: [count, ...shape], scale, offset }: HostTensor, begin: number, end: number): HostTensor {
  const [size, last] = [sizeOf(shape), Math.min(end, count!)];
  return new HostTensor(data.slice(begin * size, last * size), [last - begin, ...shape], scale, offset);
}

interface Given {
  readonly features: readonly HostTensor[];
  readonly labels?: HostTensor;
  readonly batch: number;
}

/** Uses a program of the cache that fits the data, or a new one; on an error it is not used again. */
async function withProgram<P extends StepProgram, T>(
  { engine, cache }: Place,
  kind: string,
  { features, labels, batch }: Given,
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
