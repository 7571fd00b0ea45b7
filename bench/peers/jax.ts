/** jax-js: the product, and the whole training step from the forward pass to the new weights, each under `jit`. */
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import {
  batchesOf,
  layersOf,
  type Product,
  type ProductTask,
  type Start,
  type Training,
  type TrainingTask,
} from '../comparison/candidate.ts';

export const start: Start = async ({ backend }) => {
  const started = await init(backend);
  if (!started.includes(backend)) throw new Error(`jax-js does not start on ${backend} here`);
  defaultDevice(backend);
  return {
    threads: backend === 'wasm' && crossOriginIsolated ? navigator.hardwareConcurrency : 1,
    product: (task) => Promise.resolve(product(task)),
    training: (task) => Promise.resolve(training(task)),
  };
};

function product({ size, a, b }: ProductTask): Product {
  const left = matrix(a, size, size);
  const right = matrix(b, size, size);
  const multiply = jit((x: np.Array, y: np.Array) => np.matmul(x, y));
  return {
    run: async () => (await multiply(left.ref, right.ref).data()) as Float32Array,
    dispose() {
      multiply.dispose();
      left.dispose();
      right.dispose();
    },
  };
}

/** A type, not an interface, because jax-js requires one. */
type State = {
  weights: np.Array[];
  means: np.Array[];
  meanSquares: np.Array[];
  time: np.Array;
  /** Of the losses since the last reading. */
  total: np.Array;
};

const [rate, beta1, beta2, epsilon] = [0.001, 0.9, 0.999, 1e-7];

function training(task: TrainingTask): Training {
  const batches = batchesOf(task).map(({ samples, labels }) => ({
    x: matrix(samples, task.batch, task.sizes[0]!),
    y: matrix(labels, task.batch, task.sizes.at(-1)!),
  }));
  const weights = layersOf(task).flatMap(({ inputs, outputs, kernel, bias }) => [
    matrix(kernel, inputs, outputs),
    np.array(new Float32Array(bias)),
  ]);
  return rounds(weights, batches, meanLoss);
}

type Loss = (weights: np.Array[], x: np.Array, y: np.Array) => np.Array;

/** Adam on `meanLoss`; each step is one call of a compiled function. */
export function rounds(
  weights: np.Array[],
  batches: readonly { readonly x: np.Array; readonly y: np.Array }[],
  meanLoss: Loss,
): Training {
  const zeros = (): np.Array[] => weights.map(({ shape }) => np.zeros(shape));
  let state: State = { weights, means: zeros(), meanSquares: zeros(), time: np.array(0), total: np.array(0) };
  const step = jit((state: State, x: np.Array, y: np.Array) => trainingStep(state, x, y, meanLoss));
  return {
    async round() {
      for (const { x, y } of batches) state = step(state, x.ref, y.ref) as State;
      const [total] = await state.total.data();
      state = { ...state, total: np.array(0) };
      return total! / batches.length;
    },
    dispose() {
      step.dispose();
      for (const { x, y } of batches) [x, y].forEach((array) => array.dispose());
      const { weights, means, meanSquares, time, total } = state;
      for (const array of [...weights, ...means, ...meanSquares, time, total]) array.dispose();
    },
  };
}

/** jax-js functions consume their arguments: `ref` retains one for later. */
function trainingStep(state: State, x: np.Array, y: np.Array, meanLoss: Loss): State {
  const { weights, means, meanSquares, time, total } = state;
  const [loss, slopes] = valueAndGrad(meanLoss)(
    weights.map((weight) => weight.ref),
    x,
    y,
  );
  const now = time.add(1);
  const corrected = np.sqrt(correction(beta2, now.ref)).mul(rate).div(correction(beta1, now.ref));
  const next: State = { weights: [], means: [], meanSquares: [], time: now, total: total.add(loss) };
  weights.forEach((weight, index) => {
    const slope = slopes[index]!;
    const mean = means[index]!.mul(beta1).add(slope.ref.mul(1 - beta1));
    const meanSquare = meanSquares[index]!.mul(beta2).add(np.square(slope).mul(1 - beta2));
    next.weights.push(weight.sub(mean.ref.mul(corrected.ref).div(np.sqrt(meanSquare.ref).add(epsilon))));
    next.means.push(mean);
    next.meanSquares.push(meanSquare);
  });
  corrected.dispose();
  return next;
}

/** 1 − betaᵗ. */
const correction = (beta: number, time: np.Array): np.Array =>
  np
    .exp(time.mul(Math.log(beta)))
    .mul(-1)
    .add(1);

function meanLoss(weights: np.Array[], x: np.Array, y: np.Array): np.Array {
  const batch = x.shape[0]!;
  let outputs = x;
  for (let layer = 0; layer < weights.length; layer += 2) {
    if (layer > 0) outputs = nn.relu(outputs);
    outputs = np.matmul(outputs, weights[layer]!).add(weights[layer + 1]!);
  }
  return nn
    .logSoftmax(outputs, -1)
    .mul(y)
    .sum()
    .mul(-1 / batch);
}

export const matrix = (values: Float32Array, rows: number, columns: number): np.Array =>
  np.array(new Float32Array(values)).reshape([rows, columns]);
