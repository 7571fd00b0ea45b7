/**
 * What is compared: the sizes, the data and the first weights, the same for everybody.
 */
import { loadMnist, oneHotLabels, scaledPixels } from '../../examples/data/mnist.ts';
import type { ProductTask, TrainingTask } from './candidate.ts';

export type Task =
  { readonly kind: 'product'; readonly size: number } | { readonly kind: 'step'; readonly batch: number };

/** Steps between two readings of the loss. */
export const stepsPerRound = 10;

export const networkSizes: readonly number[] = [784, 128, 64, 10];

export function tasksOf(quick: boolean): Task[] {
  const sizes = quick ? [64] : [64, 128, 256, 512, 1024];
  const batches = quick ? [32] : [32, 128];
  return [
    ...sizes.map((size) => ({ kind: 'product', size }) as const),
    ...batches.map((batch) => ({ kind: 'step', batch }) as const),
  ];
}

export const subjectOf = (task: Task): string =>
  task.kind === 'product'
    ? `product ${task.size} × ${task.size}`
    : `step ${networkSizes.join('-')} batch ${task.batch}`;

export function productTask(size: number): ProductTask {
  const random = generator(size);
  const matrix = (): Float32Array => Float32Array.from({ length: size * size }, () => 2 * random() - 1);
  return { size, a: matrix(), b: matrix() };
}

/** Digits of MNIST, and weights uniform by Glorot and Bengio. */
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

/** Numbers from 0 to 1 that depend on nothing but the seed: a linear congruential generator, its upper bits. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
