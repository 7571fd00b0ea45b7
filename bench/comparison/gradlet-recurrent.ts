/**
 * gradlet's LSTM, trained by `fit` like the dense network. A separate bundle, because the comparison measures what a
 * page loads for the other tasks.
 */
import { adam, createEngine, dense, type Engine, lstm, sequential, tensor } from '../../src/index.ts';
import type { RecurrentTask, Start, Training } from './candidate.ts';
import { rounds } from './gradlet.ts';

export const start: Start = async ({ backend, threads }) => {
  const engine = await createEngine({ backend, ...(threads !== undefined && { threads }) });
  return {
    threads: engine.info.threads,
    device: engine.info.description,
    recurrentTraining: (task) => Promise.resolve(recurrentTraining(engine, task)),
  };
};

function recurrentTraining(engine: Engine, task: RecurrentTask): Training {
  const { length, features, units, weights, batch, batches, samples, labels } = task;
  const layers = [lstm({ units, inputShape: [length, features] }), dense({ units: 1, activation: 'sigmoid' })];
  const model = sequential(layers, { engine });
  const [kernel, recurrentKernel, bias, outputKernel, outputBias] = weights;
  model.setWeights([
    tensor(kernel, [features, 4 * units]),
    tensor(recurrentKernel, [units, 4 * units]),
    tensor(bias),
    tensor(outputKernel, [units, 1]),
    tensor(outputBias),
  ]);
  model.compile({ optimizer: adam(), loss: 'binaryCrossentropy' });
  const count = batch * batches;
  return rounds(model, tensor(samples, [count, length, features]), tensor(labels, [count, 1]), batch);
}
