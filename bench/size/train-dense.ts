/** A network of dense layers, trained and evaluated on the backend that the page has, WebGPU or WebAssembly. */
import { adam, dense, sequential } from '../../src/index.ts';

export async function train(images: number[][], labels: number[][]): Promise<number> {
  const model = sequential([
    dense({ units: 64, activation: 'relu', inputShape: [784] }),
    dense({ units: 10, activation: 'softmax' }),
  ]);
  model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  await model.fit(images, labels, { epochs: 5 });
  return (await model.evaluate(images, labels))['accuracy']!;
}
