/** NaN and infinity in weights and outputs are named, and settings that cannot learn are told of once. */
import { afterEach, expect, it, vi } from 'vitest';
import { dense } from '../../src/nn/layers/dense.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { sequential } from '../../src/model/make-model.ts';
import { referenceEngine, rejection, wasmEngine } from '../support/models.ts';

afterEach(() => vi.restoreAllMocks());

it('a weight that the last update spoils', async () => {
  const model = sequential([dense({ units: 1, name: 'only', inputShape: [1] })], { engine: await wasmEngine() });
  model.compile({ optimizer: sgd({ learningRate: 3e38 }), loss: 'mse' });
  const first = await model.getWeights();
  const pattern = /^NonFiniteError: fit: the weight 'only\/kernel' holds NaN or infinity after 1 training steps/;
  expect(await rejection(model.fit([[1e3]], [[1e4]], { epochs: 1 }))).toMatch(pattern);
  expect(await rejection(model.evaluate([[1]], [[1]]))).toMatch(/^NonFiniteError: evaluate: the weight 'only\/kernel'/);
  expect(await rejection(model.predict([[1]]))).toMatch(/^NonFiniteError: predict: the weight 'only\/kernel'/);
  model.setWeights(first);
  expect((await model.predict([[1]])).data.every(Number.isFinite)).toBe(true);
});

it('settings that cannot learn are told of once for each model', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const fit = async (activation: 'softmax' | 'sigmoid', trainable: boolean): Promise<void> => {
    const engine = referenceEngine();
    const model = sequential([dense({ units: 1, activation, trainable, inputShape: [1] })], { engine, seed: 1 });
    model.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' });
    for (let run = 0; run < 2; run++) await model.fit([[1], [2], [3]], [1, 0, 1], { batchSize: 2 });
  };
  await fit('sigmoid', true);
  expect(warn).not.toHaveBeenCalled();
  await fit('softmax', true);
  expect(warn).toHaveBeenCalledTimes(1);
  await fit('sigmoid', false);
  expect(warn).toHaveBeenCalledTimes(2);
});
