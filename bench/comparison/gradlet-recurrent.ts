/**
 * gradlet's LSTM, by `fit` as well. A file of its own, which is loaded only for this task: so are those of the peers.
 */
import { adam, dense, type Engine, lstm, sequential, tensor } from '../../src/index.ts';
import type { RecurrentTask, Training } from './candidate.ts';
import { rounds } from './gradlet.ts';

export function recurrentTraining(engine: Engine, task: RecurrentTask): Training {
  const { length, features, units, weights, batch, batches, samples, labels } = task;
  const model = sequential(
    [lstm({ units, inputShape: [length, features] }), dense({ units: 1, activation: 'sigmoid' })],
    {
      engine,
    },
  );
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
