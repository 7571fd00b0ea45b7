/** Sums over so many steps that a plain float32 sum would stop growing or drift. */
import { expect, it } from 'vitest';
import { activation } from '../../src/nn/layers/activation.ts';
import { tensor } from '../../src/data/tensor.ts';
import { sequential } from '../../src/model/make-model.ts';
import { sumsOf } from '../support/epoch-sums.ts';
import { engines, wasmEngine } from '../support/models.ts';

it.each(engines)('counts beyond 2^24, fractions and sums that shrink again, on %s', async (_, createEngine) => {
  const engine = await createEngine();
  expect(await sumsOf(engine, [1, 3, -1], 2 ** 24, 3000)).toEqual([1, 3, -1].map((step) => 2 ** 24 + 3000 * step));
  const fractions = [0.1, 0.001].map(Math.fround);
  const sums = await sumsOf(engine, fractions, 0, 100_000);
  sums.forEach((sum, index) => expect(sum / (fractions[index]! * 100_000)).toBeCloseTo(1, 7));
});

// Not on the reference backend, whose sums are float64 until they are read.
it('counts one by one where float32 has only even numbers', async () => {
  const engine = await wasmEngine();
  for (const steps of [1, 2, 3]) expect(await sumsOf(engine, [1], 2 ** 24, steps)).toEqual([2 ** 24 + steps]);
});

it.each(engines)('infinity stays infinity, and NaN NaN, on %s', async (_, createEngine) => {
  const engine = await createEngine();
  expect(await sumsOf(engine, [3e38, -3e38, NaN], 0, 5)).toEqual([Infinity, -Infinity, NaN]);
});

it('the loss and the metrics of a million steps are right to a millionth', async () => {
  const model = sequential([activation({ activation: 'linear', inputShape: [1] })], { engine: await wasmEngine() });
  model.compile({ optimizer: 'sgd', loss: 'mae', metrics: ['rootMeanSquaredError'] });
  const samples = 1_000_000;
  const x = tensor(new Float32Array(samples).fill(0.01), [samples, 1]);
  const { loss, rootMeanSquaredError } = await model.evaluate(x, tensor(new Uint8Array(samples)), { batchSize: 1 });
  expect(loss / Math.fround(0.01)).toBeCloseTo(1, 7);
  expect(rootMeanSquaredError! / Math.fround(0.01)).toBeCloseTo(1, 6);
});
