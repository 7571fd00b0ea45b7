/**
 * A training loop of your own, from parameters, operations and gradients, with no layer in sight: two dense layers
 * learn ten digits by plain gradient descent. Everything from the images to the new weights is one compiled step.
 */
import {
  add,
  argMax,
  cast,
  equal,
  gradients,
  input,
  matmul,
  mean,
  mul,
  parameter,
  relu,
  sparseSoftmaxCrossEntropy,
  sub,
  type Tensor,
} from '../src/index.ts';
import { type Digits, pixelsPerDigit as pixels, scaledPixels, sliceDigits, type Mnist } from './data/mnist.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';

export async function program({
  data: digits,
  engine,
  epochs,
  batchSize,
  seed,
  print,
}: Setup<Mnist>): Promise<Outcome> {
  // the model: two matrices, two vectors, and a function of them
  const w1 = parameter([pixels, 32], { seed });
  const b1 = parameter([32]);
  const w2 = parameter([32, 10], { seed: seed + 1 });
  const b2 = parameter([10]);
  const forward = (x: Tensor) => add(matmul(relu(add(matmul(x, w1), b1)), w2), b2);

  // a step: the loss of a batch, its gradients, and weights that go down the slope
  const x = input([batchSize, pixels]);
  const labels = input([batchSize], { dtype: 'int32' });
  const loss = mean(sparseSoftmaxCrossEntropy(labels, forward(x)));
  const weights = [w1, b1, w2, b2];
  const slopes = gradients(loss, weights);
  const updates = weights.map((weight, index) => [weight, sub(weight, mul(slopes[index]!, 0.1))] as const);
  const step = await engine.compile({ outputs: { loss }, updates });

  // the loop
  const history: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const losses: number[] = [];
    for (const batch of batches(digits.train, batchSize)) {
      engine.write(x, scaledPixels(batch));
      engine.write(labels, Int32Array.from(batch.labels));
      step.run();
      losses.push((await step.read('loss'))[0]!);
    }
    history.push(losses.reduce((sum, value) => sum + value) / losses.length);
    print(`epoch ${epoch + 1}/${epochs} - loss: ${history.at(-1)!.toFixed(4)}`);
  }
  return { history: { loss: history }, test: await evaluate({ digits: digits.test, engine, forward }) };
}

/** Loss and accuracy over all the digits at once. */
async function evaluate({ digits, engine, forward }: Pick<Setup<Mnist>, 'engine'> & Model): Promise<Outcome['test']> {
  const x = input([digits.count, pixels]);
  const labels = input([digits.count], { dtype: 'int32' });
  const logits = forward(x);
  const test = await engine.compile({
    outputs: {
      loss: mean(sparseSoftmaxCrossEntropy(labels, logits)),
      accuracy: mean(equal(cast(argMax(logits), 'float32'), cast(labels, 'float32'))),
    },
  });
  engine.write(x, scaledPixels(digits));
  engine.write(labels, Int32Array.from(digits.labels));
  test.run();
  const [loss, accuracy] = await Promise.all([test.read('loss'), test.read('accuracy')]);
  return { loss: loss[0]!, accuracy: accuracy[0]! };
}

interface Model {
  readonly digits: Digits;
  readonly forward: (x: Tensor) => Tensor;
}

/** The digits in their order, in batches of one size. */
function* batches(digits: Digits, size: number): Iterable<Digits> {
  for (let start = 0; start + size <= digits.count; start += size) yield sliceDigits(digits, start, start + size);
}
