/** Page module: complete training runs on each backend of a page. Called by ../train.test.ts. */
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import type { Backend } from '../../../src/backends/backend.ts';
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Engine } from '../../../src/engine.ts';
import { auc } from '../../../src/nn/metrics/auc.ts';
import { f1Score, precision, recall } from '../../../src/nn/metrics/classification-metrics.ts';
import { layerRegistry } from '../../../src/nn/layer-registry.ts';
import { activation } from '../../../src/nn/layers/activation.ts';
import { batchNormalization } from '../../../src/nn/layers/batch-normalization.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { dropout } from '../../../src/nn/layers/dropout.ts';
import { adam } from '../../../src/optim/adam.ts';
import { square, sub } from '../../../src/ops/elementwise/arithmetic.ts';
import { sqrt } from '../../../src/ops/elementwise/math.ts';
import { sum } from '../../../src/ops/reduce/reduce.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { loadModel } from '../../../src/files/load.ts';
import { sequential } from '../../../src/model/make-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { save } from '../../../src/files/save.ts';
import { sumsOf } from '../../support/epoch-sums.ts';
import { allWeights, blobs } from '../../support/models.ts';
import { cases, outcome } from '../../support/non-finite.ts';
import type { Outcome } from '../../support/non-finite.ts';

const { x, y } = blobs(90);
/** The points as bytes, so that the scale is part of the run. */
const bytes = tensor(
  Uint8Array.from(x.data, (value) => Math.round(32 * value + 128)),
  [90, 2],
  { scale: 1 / 32, offset: -4 },
);

function classifier(backend: Backend): Model {
  const model = sequential(
    [
      dense({ units: 12, activation: 'relu', inputShape: [2] }),
      dropout({ rate: 0.1 }),
      dense({ units: 3, activation: 'softmax' }),
    ],
    { engine: new Engine(backend), seed: 5 },
  );
  model.compile({
    optimizer: adam({ learningRate: 0.02 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** Classification metrics after an epoch with a short last batch; none depends on rounded scores. */
export async function classify(backend: string): Promise<Readonly<Record<string, number>>> {
  const model = classifier(await backends[backend]!());
  model.compile({
    optimizer: adam({ learningRate: 0.02 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: [
      f1Score({ average: 'macro' }),
      precision(),
      recall({ classId: 2 }),
      auc(),
      auc({ average: 'macro', curve: 'PR', name: 'pr' }),
    ],
  });
  await model.fit(bytes, y, { batchSize: 16 });
  return model.evaluate(bytes, y, { batchSize: 16 });
}

const backends: Readonly<Record<string, () => Backend | Promise<Backend>>> = {
  reference: () => new ReferenceBackend(),
  wasm: () => WasmBackend.create(),
  webgpu: () => WebGPUBackend.create(),
};

/** Sums that start where adding 1 no longer changes a float32. */
export async function epochSums(backend: string): Promise<readonly number[]> {
  return sumsOf(new Engine(await backends[backend]!()), [1, 3, -1], 2 ** 24, 3000);
}

/** Weights after a batch of three and one of two, by `fit` and computed by hand. The loss is the distance from the labels. */
export async function shortBatch(backend: string): Promise<{ whole: readonly number[]; apart: readonly number[] }> {
  const engine = new Engine(await backends[backend]!());
  const newModel = (): Model => {
    const model = sequential([dense({ units: 3, useBias: false, inputShape: [2] })], { engine, seed: 5 });
    model.compile({ optimizer: 'sgd', loss: (given, output) => sqrt(sum(square(sub(output, given)), -1)) });
    return model;
  };
  const labels = Float32Array.from({ length: 15 }, (_, place) => place + 1);
  const rows = (begin: number, end: number) =>
    [
      tensor(x.data.slice(2 * begin, 2 * end), [end - begin, 2]),
      tensor(labels.slice(3 * begin, 3 * end), [end - begin, 3]),
    ] as const;
  const [whole, apart] = [newModel(), newModel()];
  await whole.fit(...rows(0, 5), { batchSize: 3, shuffle: false });
  await apart.trainOnBatch(...rows(0, 3));
  await apart.trainOnBatch(...rows(3, 5));
  return { whole: await allWeights(whole), apart: await allWeights(apart) };
}

export interface Run {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly predictions: readonly number[];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Ten epochs with short last batches and validation; then a second run, which must not use more memory. */
export async function fit(backend: string): Promise<Run> {
  const started = await backends[backend]!();
  const model = classifier(started);
  const options = { epochs: 10, batchSize: 16, validationSplit: 0.2 };
  const { history } = await model.fit(bytes, y, options);
  const predictions = [...(await model.predict(bytes)).data];
  const bytesBefore = started.info.stateBytes + started.info.arenaBytes;
  await model.fit(bytes, y, options);
  return { history, predictions, bytesBefore, bytesAfter: started.info.stateBytes + started.info.arenaBytes };
}

/** Batch normalization: two epochs, saving and loading, two more. Epochs have 90 samples, the last ten in a short batch. */
export async function normalized(backend: string): Promise<{ losses: readonly number[]; weights: readonly number[] }> {
  const first = sequential(
    [
      dense({ units: 12, useBias: false, inputShape: [2] }),
      batchNormalization({ momentum: 0.9 }),
      activation({ activation: 'relu' }),
      dense({ units: 3, activation: 'softmax' }),
    ],
    { engine: new Engine(await backends[backend]!()), seed: 5 },
  );
  first.compile({ optimizer: adam({ learningRate: 0.02 }), loss: 'sparseCategoricalCrossentropy' });
  const before = await first.fit(bytes, y, { batchSize: 16, epochs: 2 });
  const engine = new Engine(await backends[backend]!());
  const second = loadModel(await save(first), { layers: layerRegistry, engine });
  const after = await second.fit(bytes, y, { batchSize: 16, epochs: 4, initialEpoch: 2 });
  const { loss } = await second.evaluate(bytes, y);
  return { losses: [...before.history['loss']!, ...after.history['loss']!, loss], weights: await allWeights(second) };
}

/** Losses of four epochs, and of two and two with saving and loading in between. */
export async function resume(backend: string): Promise<{ whole: readonly number[]; parts: readonly number[] }> {
  const options = { batchSize: 16 };
  const whole = await classifier(await backends[backend]!()).fit(bytes, y, { ...options, epochs: 4 });
  const first = classifier(await backends[backend]!());
  const before = await first.fit(bytes, y, { ...options, epochs: 2 });
  const engine = new Engine(await backends[backend]!());
  const second = loadModel(await save(first), { layers: layerRegistry, engine });
  const after = await second.fit(bytes, y, { ...options, epochs: 4, initialEpoch: 2 });
  return { whole: whole.history['loss']!, parts: [...before.history['loss']!, ...after.history['loss']!] };
}

/** The error of each case of `test/support/non-finite.ts`. */
export async function nonFinite(backend: string): Promise<Readonly<Record<string, Outcome>>> {
  const engine = new Engine(await backends[backend]!());
  const found: Record<string, Outcome> = {};
  for (const [name, each] of Object.entries(cases)) found[name] = await outcome(each, engine);
  return found;
}

/** How often a timer fires during a run, and the name of the error for weights that overflow. */
export async function alive(backend: string): Promise<{ ticks: number; error: string }> {
  const model = classifier(await backends[backend]!());
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  await model.fit(bytes, y, { epochs: backend === 'webgpu' ? 20 : 200, batchSize: 4 });
  clearInterval(timer);
  model.learningRate = 1e30;
  const error = await model.fit(bytes, y, { epochs: 5 }).then(
    () => 'none',
    (given: Error) => `${given.name}: ${given.message}`,
  );
  return { ticks, error };
}
