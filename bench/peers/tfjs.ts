/**
 * TensorFlow.js: `matMul`, and a layers model trained by `trainOnBatch`. It always reads back the loss of every batch,
 * so ten steps are started before their losses are awaited.
 */
import { layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { matMul, ready, setBackend, type Tensor, tensor1d, tensor2d, train } from '@tensorflow/tfjs-core';
import {
  batchesOf,
  type Candidate,
  layersOf,
  type Product,
  type ProductTask,
  type Training,
  type TrainingTask,
} from '../comparison/candidate.ts';

/** The modules next to this one import the backend. */
export async function startOn(backend: string, threads: () => number): Promise<Candidate> {
  if (!(await setBackend(backend))) throw new Error(`TensorFlow.js does not start on ${backend} here`);
  await ready();
  return {
    threads: threads(),
    product: (task) => Promise.resolve(product(task)),
    training: (task) => Promise.resolve(training(task)),
  };
}

function product({ size, a, b }: ProductTask): Product {
  const left = tensor2d(a, [size, size]);
  const right = tensor2d(b, [size, size]);
  return {
    async run() {
      const result = matMul(left, right);
      const values = await result.data();
      result.dispose();
      return values as Float32Array;
    },
    dispose() {
      left.dispose();
      right.dispose();
    },
  };
}

function training(task: TrainingTask): Training {
  const { sizes, batch } = task;
  const network = layersOf(task);
  const model = sequential({
    layers: network.map(({ outputs, isLast }, layer) =>
      layers.dense({
        units: outputs,
        activation: isLast ? 'softmax' : 'relu',
        ...(layer === 0 && { inputShape: [sizes[0]!] }),
      }),
    ),
  });
  const weights = network.flatMap(({ inputs, outputs, kernel, bias }) => [
    tensor2d(kernel, [inputs, outputs]),
    tensor1d(bias),
  ]);
  model.setWeights(weights);
  weights.forEach((weight) => weight.dispose());
  const batches = batchesOf(task).map(({ samples, labels }) => ({
    x: tensor2d(samples, [batch, sizes[0]!]),
    y: tensor2d(labels, [batch, sizes.at(-1)!]),
  }));
  return rounds(model, batches, 'categoricalCrossentropy');
}

export function rounds(
  model: Sequential,
  batches: readonly { readonly x: Tensor; readonly y: Tensor }[],
  loss: string,
): Training {
  const optimizer = train.adam(0.001, 0.9, 0.999, 1e-7);
  model.compile({ optimizer, loss });
  return {
    async round() {
      const losses = (await Promise.all(batches.map(({ x, y }) => model.trainOnBatch(x, y)))) as number[];
      return losses.reduce((sum, loss) => sum + loss) / batches.length;
    },
    dispose() {
      for (const { x, y } of batches) [x, y].forEach((tensor) => tensor.dispose());
      model.dispose();
      optimizer.dispose();
    },
  };
}
