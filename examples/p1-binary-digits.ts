/**
 * Binary digits: is the digit even or odd? Images go in as 28 × 28 and are flattened by the model.
 */
import { adam, dense, flatten, save, sequential, tensor } from '../src/index.ts';
import { type Digits, oddLabels, sliceDigits, type Mnist } from './data/mnist.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';

const pixels = ({ images, count }: Digits) => tensor(images, [count, 28, 28], { scale: 1 / 255 });
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
      flatten({ inputShape: [28, 28] }),
      dense({ units: 128, activation: 'relu' }),
      dense({ units: 1, activation: 'sigmoid' }),
    ],
    { engine, seed },
  );
  model.compile({ optimizer: adam(), loss: 'binaryCrossentropy', metrics: ['accuracy'] });

  // one digit in six is kept back to watch the training by
  const kept = Math.floor(digits.train.count / 6);
  const train = sliceDigits(digits.train, 0, digits.train.count - kept);
  const validation = sliceDigits(digits.train, digits.train.count - kept);
  const { history } = await model.fit(pixels(train), labels(train), {
    epochs,
    batchSize,
    validationData: [pixels(validation), labels(validation)],
    callbacks,
  });
  const test = await model.evaluate(pixels(digits.test), labels(digits.test));
  return { history, test, model: await save(model) };
}
