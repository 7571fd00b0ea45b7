/**
 * Ten digits: a network of three dense layers learns to read MNIST. `npm run train` runs it.
 */
import { adam, dense, save, sequential, tensor } from '../src/index.ts';
import { type Digits, oneHotLabels, type Mnist } from './data/mnist.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';

/** The pixels stay bytes; the model reads them as 0 to 1. */
const pixels = ({ images, count }: Digits) => tensor(images, [count, 784], { scale: 1 / 255 });
const labels = (digits: Digits) => tensor(oneHotLabels(digits), [digits.count, 10]);

export async function program({
  data: digits,
  engine,
  epochs,
  batchSize,
  seed,
  callbacks,
}: Setup<Mnist>): Promise<Outcome> {
  const model = sequential(
    [
      dense({ units: 64, activation: 'relu', inputShape: [784] }),
      dense({ units: 64, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
    { engine, seed },
  );
  model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });

  const { history } = await model.fit(pixels(digits.train), labels(digits.train), {
    epochs,
    batchSize,
    validationSplit: 0.2, // the last fifth of the digits, as they came
    callbacks,
  });
  const test = await model.evaluate(pixels(digits.test), labels(digits.test));
  return { history, test, model: await save(model) };
}
