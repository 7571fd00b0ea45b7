/** The training loop of the graph programs: two dense layers, on the engine that the program starts. */
import {
  add,
  gradients,
  input,
  matmul,
  mean,
  mul,
  parameter,
  relu,
  softmaxCrossEntropy,
  sub,
} from '../../src/index.ts';
import type { Engine } from '../../src/index.ts';

export interface Batch {
  readonly images: Float32Array;
  readonly labels: Float32Array;
}

export async function trainGraph(engine: Engine, batches: readonly Batch[]): Promise<number> {
  const x = input([32, 784]);
  const labels = input([32, 10]);
  const weights = [parameter([784, 64]), parameter([64]), parameter([64, 10]), parameter([10])] as const;
  const hidden = relu(add(matmul(x, weights[0]), weights[1]));
  const loss = mean(softmaxCrossEntropy(labels, add(matmul(hidden, weights[2]), weights[3])));
  const slopes = gradients(loss, weights);
  const updates = weights.map((weight, index) => [weight, sub(weight, mul(slopes[index]!, 0.1))] as const);
  const step = await engine.compile({ outputs: { loss }, updates });
  for (const batch of batches) {
    engine.write(x, batch.images);
    engine.write(labels, batch.labels);
    step.run();
  }
  return (await step.read('loss'))[0]!;
}
