/**
 * Batch normalization before each activation, at a rate of learning at which the same network without it learns less. While
 * training each batch is measured by itself, the last and short one by its own digits; the test counts with the moving
 * averages of what was seen.
 */
import { activation, batchNormalization, dense, save, sequential, sgd, tensor } from '../src/index.ts';
import type { Digits, Mnist } from './data/mnist.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';

const pixels = ({ images, count }: Digits) => tensor(images, [count, 784], { scale: 1 / 255 });
const labels = (digits: Digits) => tensor(Int32Array.from(digits.labels), [digits.count]);

/** A layer without bias: beta shifts. */
const block = (units: number, inputShape?: readonly number[]) => [
  dense({ units, useBias: false, ...(inputShape && { inputShape }) }),
  batchNormalization(),
  activation({ activation: 'relu' }),
];

export async function program(setup: Setup<Mnist>): Promise<Outcome> {
  const { data: digits, engine, epochs, batchSize, seed, callbacks, print } = setup;
  const model = sequential([...block(64, [784]), ...block(64), dense({ units: 10, activation: 'softmax' })], {
    engine,
    seed,
  });
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  print(model.summary());
  const { history } = await model.fit(pixels(digits.train), labels(digits.train), {
    epochs,
    batchSize,
    validationSplit: 0.2,
    callbacks,
  });
  const test = await model.evaluate(pixels(digits.test), labels(digits.test));
  return { history, test, model: await save(model) };
}
