/**
 * Learning curves: a deeper network for even against odd, and a picture of its accuracy by epoch, on the digits that it
 * learns from and on those kept back.
 */
import { adam, dense, save, sequential, tensor } from '../src/index.ts';
import { type Digits, oddLabels, type Mnist } from './data/mnist.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';

const pixels = ({ images, count }: Digits) => tensor(images, [count, 784], { scale: 1 / 255 });
const labels = (digits: Digits) => tensor(oddLabels(digits), [digits.count, 1]);

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
      dense({ units: 1, activation: 'sigmoid' }),
    ],
    { engine, seed },
  );
  model.compile({ optimizer: adam(), loss: 'binaryCrossentropy', metrics: ['accuracy'] });

  // history.accuracy and history.val_accuracy become the picture
  const { history } = await model.fit(pixels(digits.train), labels(digits.train), {
    epochs,
    batchSize,
    validationSplit: 0.2,
    callbacks,
  });
  const test = await model.evaluate(pixels(digits.test), labels(digits.test));
  return { history, test, model: await save(model) };
}
