/** Page module: small sequence models, step by step, on any backend. Also runs in Node. */
import type { Backend } from '../../../src/backends/backend.ts';
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { keyFromSeed, uniform } from '../../../src/core/random.ts';
import { Engine } from '../../../src/engine.ts';
import type { Layer } from '../../../src/nn/layer.ts';
import { bidirectional } from '../../../src/nn/layers/bidirectional.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { embedding } from '../../../src/nn/layers/embedding.ts';
import { gru } from '../../../src/nn/layers/gru.ts';
import { lstm } from '../../../src/nn/layers/lstm.ts';
import { simpleRNN } from '../../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../../src/nn/layers/time-distributed.ts';
import { adam } from '../../../src/optim/adam.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { sequential } from '../../../src/model/make-model.ts';

export type BackendName = 'reference' | 'wasm' | 'webgpu';

const backends: Readonly<Record<BackendName, () => Backend | Promise<Backend>>> = {
  reference: () => new ReferenceBackend(),
  wasm: () => WasmBackend.create(),
  webgpu: () => WebGPUBackend.create(),
};

const drops = { dropout: 0.2, recurrentDropout: 0.2 };

export type ModelName = 'simpleRNN' | 'lstm' | 'gru' | 'gru, reset before' | 'stacked';

/** The layers between the embedding and the last layer. */
export const models: Readonly<Record<ModelName, () => Layer[]>> = {
  simpleRNN: () => [simpleRNN({ units: 6, ...drops })],
  lstm: () => [lstm({ units: 6, ...drops })],
  gru: () => [gru({ units: 6, ...drops })],
  'gru, reset before': () => [gru({ units: 6, resetAfter: false })],
  stacked: () => [
    bidirectional(lstm({ units: 4, returnSequences: true }), { mergeMode: 'sum' }),
    timeDistributed(dense({ units: 4, activation: 'tanh' })),
    gru({ units: 4, goBackwards: true }),
  ],
};

const [samples, length, words] = [24, 7, 9];

/** Texts of 1 to 7 words, padded with zeros; the first word determines the label. */
function texts(): { readonly x: Int32Array; readonly y: Int32Array } {
  const draws = uniform(keyFromSeed(11), samples * (length + 1));
  const x = new Int32Array(samples * length);
  for (let sample = 0; sample < samples; sample++) {
    const row = draws.subarray(sample * (length + 1));
    for (let place = 0; place <= Math.floor(row[length]! * length); place++) {
      x[sample * length + place] = 1 + Math.floor(row[place]! * (words - 1));
    }
  }
  return { x, y: Int32Array.from({ length: samples }, (_, sample) => x[sample * length]! % 3) };
}

export interface Curve {
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** The predictions for all texts after the last step. */
  readonly predictions: readonly number[];
}

/** Seed 5, all texts in each step. */
export async function trainReader({
  backend,
  model: name,
  steps,
}: {
  backend: BackendName;
  model: ModelName;
  steps: number;
}): Promise<Curve> {
  const engine = new Engine(await backends[backend]());
  const model = sequential(
    [
      embedding({ inputDim: words, outputDim: 5, maskZero: true, inputLength: length }),
      ...models[name](),
      dense({ units: 3, activation: 'softmax' }),
    ],
    { engine, seed: 5 },
  );
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
  const given = texts();
  const [x, y] = [tensor(given.x, [samples, length]), tensor(given.y, [samples])];
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await model.trainOnBatch(x, y))['loss']!);
  const predictions = [...(await model.predict(x)).data];
  engine.dispose();
  return { losses, predictions };
}
