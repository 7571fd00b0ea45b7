/** The tasks of the comparison: sizes, data and initial weights, the same for every library. */
import { loadMnist, oneHotLabels, scaledPixels } from '../../examples/data/mnist.ts';
import type { ProductTask, RecurrentTask, TrainingTask } from './candidate.ts';

export type Task =
  | { readonly kind: 'product'; readonly size: number }
  | { readonly kind: 'step'; readonly batch: number }
  | { readonly kind: 'lstm'; readonly batch: number };

/** Steps between two readbacks of the loss. */
export const stepsPerRound = { step: 10, lstm: 2 };

export const networkSizes: readonly number[] = [784, 128, 64, 10];
export const sequence = { length: 100, features: 16, units: 128 };

export function tasksOf(quick: boolean): Task[] {
  const sizes = quick ? [64] : [64, 128, 256, 512, 1024];
  const batches = quick ? [32] : [32, 128];
  return [
    ...sizes.map((size) => ({ kind: 'product', size }) as const),
    ...batches.map((batch) => ({ kind: 'step', batch }) as const),
    { kind: 'lstm', batch: quick ? 4 : 128 },
  ];
}

export function subjectOf(task: Task): string {
  if (task.kind === 'product') return `product ${task.size} × ${task.size}`;
  const { length, features, units } = sequence;
  const network = task.kind === 'step' ? networkSizes.join('-') : `LSTM ${features}-${units}-1 length ${length}`;
  return `step ${network} batch ${task.batch}`;
}

export function productTask(size: number): ProductTask {
  const random = generator(size);
  const matrix = (): Float32Array => Float32Array.from({ length: size * size }, () => 2 * random() - 1);
  return { size, a: matrix(), b: matrix() };
}

/** MNIST digits, with uniform weights by Glorot and Bengio. */
export async function trainingTask(batch: number, batches: number): Promise<TrainingTask> {
  const { train } = await loadMnist({ trainCount: batch * batches, testCount: 1 });
  const random = generator(1);
  const weights = networkSizes.slice(1).flatMap((outputs, layer) => {
    const inputs = networkSizes[layer]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const kernel = Float32Array.from({ length: inputs * outputs }, () => (2 * random() - 1) * limit);
    return [kernel, new Float32Array(outputs)];
  });
  return { sizes: networkSizes, weights, batch, batches, samples: scaledPixels(train), labels: oneHotLabels(train) };
}

/**
 * Noise with a rising or falling mean, and its direction as the label. Weights are initialized as in Keras, except the
 * recurrent ones.
 */
export function recurrentTask(batch: number, batches: number): RecurrentTask {
  const { length, features, units } = sequence;
  const random = generator(2);
  const draw = (count: number, limit: number): Float32Array =>
    Float32Array.from({ length: count }, () => (2 * random() - 1) * limit);
  const count = batch * batches;
  const labels = Float32Array.from({ length: count }, () => Math.round(random()));
  const samples = draw(count * length * features, 1).map((value, index) => {
    const place = Math.floor(index / features) % length;
    return value + (2 * labels[Math.floor(index / (length * features))]! - 1) * (place / length - 0.5);
  });
  const bias = new Float32Array(4 * units).fill(1, units, 2 * units);
  const weights = [
    draw(features * 4 * units, Math.sqrt(6 / (features + 4 * units))),
    draw(units * 4 * units, 1 / Math.sqrt(units)),
    bias,
    draw(units, Math.sqrt(6 / (units + 1))),
    new Float32Array(1),
  ] as const;
  return { ...sequence, weights, batch, batches, samples, labels };
}

/** Deterministic numbers from 0 to 1 from a seed: the upper bits of a linear congruential generator. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
