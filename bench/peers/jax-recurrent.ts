/** An LSTM in jax-js. Its `jit` has no loops, so every step of the sequence is unrolled. */
import { nn, numpy as np } from '@jax-js/jax';
import { batchesOf, type RecurrentTask, type Start, type Training } from '../comparison/candidate.ts';
import { matrix, rounds, start as startJax } from './jax.ts';

export const start: Start = async (options) => {
  const { threads } = await startJax(options);
  return { threads, recurrentTraining: (task) => Promise.resolve(recurrentTraining(task)) };
};

function recurrentTraining(task: RecurrentTask): Training {
  const { length, features, units, batch } = task;
  const [kernel, recurrentKernel, bias, outputKernel, outputBias] = task.weights;
  const weights = [
    matrix(kernel, features, 4 * units),
    matrix(recurrentKernel, units, 4 * units),
    np.array(new Float32Array(bias)),
    matrix(outputKernel, units, 1),
    np.array(new Float32Array(outputBias)),
  ];
  const batches = batchesOf(task).map(({ samples, labels }) => ({
    x: matrix(samples, batch * length, features).reshape([batch, length, features]),
    y: matrix(labels, batch, 1),
  }));
  return rounds(weights, batches, (list, x, y) => meanLoss(list, x, y, units));
}

/** Binary cross-entropy from logits. jax-js functions consume their arguments: `ref` retains one for later. */
function meanLoss(weights: np.Array[], x: np.Array, y: np.Array, units: number): np.Array {
  const [kernel, recurrentKernel, bias, outputKernel, outputBias] = weights as [
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
  ];
  const [batch, length] = x.shape as [number, number, number];
  const projected = np.matmul(x, kernel).add(bias);
  let hidden = np.zeros([batch, units]);
  let carry = np.zeros([batch, units]);
  for (let step = 0; step < length; step++) {
    const sums = projected.ref.slice([], step).add(np.matmul(hidden, recurrentKernel.ref));
    const gate = (index: number): np.Array => sums.ref.slice([], [index * units, (index + 1) * units]);
    const [i, f, g, o] = [nn.sigmoid(gate(0)), nn.sigmoid(gate(1)), np.tanh(gate(2)), nn.sigmoid(gate(3))];
    sums.dispose();
    carry = f.mul(carry).add(i.mul(g));
    hidden = o.mul(np.tanh(carry.ref));
  }
  carry.dispose();
  projected.dispose();
  recurrentKernel.dispose();
  const logits = np.matmul(hidden, outputKernel).add(outputBias);
  return nn
    .softplus(logits.ref)
    .sub(logits.mul(y))
    .sum()
    .mul(1 / batch);
}
