/**
 * TensorFlow.js's LSTM layer.
 */
import { setBackend, tensor } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { batchesOf, type RecurrentTask, type Training } from '../comparison/candidate.ts';
import { rounds } from './tfjs.ts';

/** On `backend`, or on the plain JavaScript one where that lacks a kernel for the gradients. */
export async function recurrentTraining(task: RecurrentTask, backend: string): Promise<Training> {
  try {
    const training = recurrentModel(task);
    await training.round();
    training.dispose();
  } catch (error) {
    if (backend !== 'wasm' || !String(error).includes('not registered')) throw error;
    await import('@tensorflow/tfjs-backend-cpu');
    await setBackend('cpu');
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
