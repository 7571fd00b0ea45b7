/** TensorFlow.js's LSTM layer. Its layers call each other's operations as methods, which must be registered. */
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { ready, setBackend, tensor } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { batchesOf, type RecurrentTask, type Start, type Training } from '../comparison/candidate.ts';
import { rounds } from './tfjs.ts';

/** The modules next to this one import the backends. */
export const start: Start = async ({ backend }) => {
  const module = backend === 'wasm' ? await import('./tfjs-wasm.ts') : await import('./tfjs-webgpu.ts');
  const { threads } = await module.start({ backend });
  return { threads, recurrentTraining: (task) => recurrentTraining(task, backend) };
};

/** Runs on `backend`, or on the plain JavaScript backend if `backend` lacks a gradient kernel. */
async function recurrentTraining(task: RecurrentTask, backend: string): Promise<Training> {
  try {
    const [first] = batchesOf(task);
    const training = recurrentModel({ ...task, ...first!, batches: 1 });
    await training.round();
    training.dispose();
  } catch (error) {
    if (backend !== 'wasm' || !String(error).includes('not registered')) throw error;
    await import('@tensorflow/tfjs-backend-cpu');
    await setBackend('cpu');
    await ready();
  }
  return recurrentModel(task);
}

function recurrentModel(task: RecurrentTask): Training {
  const { length, features, units, batch } = task;
  const recurrent = layers.lstm({ units, recurrentActivation: 'sigmoid', inputShape: [length, features] });
  const model = sequential({ layers: [recurrent, layers.dense({ units: 1, activation: 'sigmoid' })] });
  const shapes = [[features, 4 * units], [units, 4 * units], [4 * units], [units, 1], [1]];
  const weights = task.weights.map((values, index) => tensor(values, shapes[index]!));
  model.setWeights(weights);
  weights.forEach((weight) => weight.dispose());
  const batches = batchesOf(task).map(({ samples, labels }) => ({
    x: tensor(samples, [batch, length, features]),
    y: tensor(labels, [batch, 1]),
  }));
  return rounds(model, batches, 'binaryCrossentropy');
}
