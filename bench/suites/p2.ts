/**
 * The whole of `npm run train`: ten epochs of a network 784-64-64-10 on 48,000 digits, validated on 12,000 after each
 * epoch, and tested on 10,000.
 */
import { loadMnist } from '../../examples/data/mnist.ts';
import { program } from '../../examples/p2-ten-digits.ts';
import { floorMilliseconds, trainingWork } from '../ceilings/ceilings.ts';
import { spread } from '../measure.ts';
import { duration, type Suite } from '../suite.ts';

const sizes = [784, 64, 64, 10];
const batchSize = 32;

export const suite: Suite = {
  name: 'p2',
  description: 'ten epochs of a network 784-64-64-10 on MNIST, in seconds',
  async *run({ engine, ceilings, quick }) {
    const digits = await loadMnist(quick ? { trainCount: 320, testCount: 64 } : {});
    const epochs = quick ? 1 : 10;
    const start = performance.now();
    const { test } = await program({
      data: digits,
      engine,
      epochs,
      batchSize,
      seed: 1,
      callbacks: [],
      print: () => {},
    });
    const taken = performance.now() - start;

    const training = Math.floor(digits.train.count * 0.8);
    const steps = (epochs * training) / batchSize;
    const weights = sizes.slice(1).reduce((sum, outputs, index) => sum + sizes[index]! * outputs, 0);
    const evaluated = epochs * (digits.train.count - training) + digits.test.count;
    const floor =
      steps * floorMilliseconds(trainingWork(sizes, batchSize), ceilings) +
      (2 * weights * evaluated) / (ceilings.gflops * 1e6);
    const accuracy = test.accuracy!.toFixed(4);
    const times = spread([taken]);
    yield duration(`${epochs} epochs, test accuracy ${accuracy}`, times, 's', taken / 1000, floor / 1000);
  },
};
