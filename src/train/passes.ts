/** Single passes over data: evaluation, prediction, and one step of training. */
import { NonFiniteError } from '../core/errors.ts';
import type { Engine } from '../engine.ts';
import { constant } from '../ops/define.ts';
import { HostTensor } from '../data/tensor.ts';
import { checkWeights } from './check-weights.ts';
import { checkFeatures, formatPlace } from '../data/features.ts';
import { DataSet } from '../data/data-set.ts';
import type { BatchView } from '../data/data-set.ts';
import { runEvaluation } from './fit.ts';
import { Pace, runSteps } from './loop.ts';
import type { Samples } from './samples.ts';
import { disposePrepared } from './program-cache.ts';
import type { Prepared, ProgramCache } from './program-cache.ts';
import { evaluationProgram, predictionProgram, trainingProgram } from './program.ts';
import type { PredictionProgram, Recipe, StepProgram } from './program.ts';
import type { Results } from './sums.ts';
import type { Topology } from '../nn/topology.ts';

/** Where passes run. */
export interface Place {
  readonly engine: Engine;
  readonly cache: ProgramCache;
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
    await checkWeights(place.engine, 'evaluate', recipe.topology.weights, 0);
    const results = await runEvaluation(place.engine, program, recipe);
    if (Number.isFinite(results.loss)) return results;
    throw new NonFiniteError(
      `evaluate: the loss is ${results.loss} although all weights are finite: scale the data to a small range`,
      'loss',
      0,
    );
  });
}

/** One step on all of the samples together. */
export async function trainOnSamples(place: Place, recipe: Recipe, samples: Samples): Promise<Results> {
  const make = (view: BatchView): Promise<StepProgram> => trainingProgram(place.engine, view, recipe);
  return withProgram(place, 'train', { ...samples, batch: samples.count }, make, async ({ program }) => {
    program.rewind();
    program.watch?.reset();
    program.parts[0]!.executable.run(1);
    const [logs] = await Promise.all([program.sums.read(recipe.metrics), program.watch?.check('trainOnBatch')]);
    return logs;
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
  const samples = features[0]!.shape[0]!;
  const batch = Math.min(batchSize, samples);
  const iterations = constant(0, [], 'int32');
  const make = (view: BatchView): Promise<PredictionProgram> =>
    predictionProgram(place.engine, view, topology, iterations);
  return withProgram(place, 'predict', { features, batch }, make, async ({ program }) => {
    program.rewind();
    const { parts, rows } = program;
    await runSteps({ engine: place.engine, parts, pace: new Pace(place.engine) });
    const values = await place.engine.read(rows);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      await checkWeights(place.engine, 'predict', topology.weights, 0);
      const { name } = topology.outputs[0]!.layer;
      throw new NonFiniteError(
        `predict: the output of layer '${name}' is ${values[wrong]} ${formatPlace(wrong, rows.shape)}: scale the data to a ` +
          `small range, or keep what the layer computes finite`,
        name,
        0,
      );
    }
    return new HostTensor(values, rows.shape);
  });
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
