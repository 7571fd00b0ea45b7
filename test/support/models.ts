/** Shared helpers of the training tests: engines, small learnable data sets, and small models. */
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { keyFromSeed, normal } from '../../src/core/random.ts';
import { Engine } from '../../src/engine.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { adam } from '../../src/optim/adam.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import type { Callback } from '../../src/train/callbacks.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { ModelOptions } from '../../src/model/model-arguments.ts';
import type { Model } from '../../src/model/model.ts';

export const referenceEngine = (): Engine => new Engine(new ReferenceBackend());
export const wasmEngine = async (): Promise<Engine> => new Engine(await WasmBackend.create());

/** All backends that run in Node. */
export const engines: readonly (readonly [string, () => Engine | Promise<Engine>])[] = [
  ['reference', referenceEngine],
  ['wasm', wasmEngine],
];

/** The four samples of XOR. */
export const xor: Samples = {
  x: tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]),
  y: tensor([0, 1, 1, 0]),
};

/** Samples and labels. */
export interface Samples {
  readonly x: HostTensor;
  readonly y: HostTensor;
}

/** Points in the plane around `classes` centres on a circle, and their int32 labels in cyclic order. */
export function blobs(count: number, classes = 3, seed = 7): Samples {
  const noise = normal(keyFromSeed(seed), 2 * count);
  const x = new Float32Array(2 * count);
  const y = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const angle = (2 * Math.PI * (sample % classes)) / classes;
    x[2 * sample] = 2 * Math.cos(angle) + 0.5 * noise[2 * sample]!;
    x[2 * sample + 1] = 2 * Math.sin(angle) + 0.5 * noise[2 * sample + 1]!;
    y[sample] = sample % classes;
  }
  return { x: tensor(x, [count, 2]), y: tensor(y) };
}

/** A compiled classifier for points in the plane. */
export function classifier(options: ModelOptions, classes = 3): Model {
  const model = sequential(
    [dense({ units: 16, activation: 'tanh', inputShape: [2] }), dense({ units: classes, activation: 'softmax' })],
    { seed: 1, ...options },
  );
  model.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** All weights, concatenated. */
export async function allWeights(model: Model): Promise<number[]> {
  return (await model.getWeights()).flatMap(({ data }) => [...data]);
}

/** The class and message of the error with which a promise is rejected. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'no error';
}

/** The class and message of the error that `action` throws. */
export function thrown(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'no error';
}

/** Records the loss after every step. Use it in `fit` with one step per epoch. */
export function lossRecorder(): Callback & { readonly losses: number[] } {
  const losses: number[] = [];
  return { losses, onEpochEnd: (_epoch, logs) => void losses.push(logs['loss']!) };
}
