/** Errors for NaN and infinity in weights and outputs name the source; settings that cannot learn cause one warning. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dense } from '../../src/nn/layers/dense.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { add } from '../../src/nn/layers/add.ts';
import { mul } from '../../src/ops/elementwise/arithmetic.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { tensor } from '../../src/data/tensor.ts';
import { model as modelOf, sequential } from '../../src/model/make-model.ts';
import { engines, referenceEngine, rejection, wasmEngine } from '../support/models.ts';
import { cases, oneUnit, outcome, threeLayers } from '../support/non-finite.ts';

afterEach(() => vi.restoreAllMocks());

describe.each(engines)('is named on %s', (_, createEngine) => {
  it.each(Object.entries(cases))('%s', async (_name, each) => {
    const { message, where, step } = each;
    expect(await outcome(each, await createEngine())).toEqual({ message, where, step });
  });
});

it('says what to do, and the model works again after it', async () => {
  const model = oneUnit(await wasmEngine());
  const first = await model.getWeights();
  const remedy =
    'set the weights with setWeights() or make the model again, compile() it again, and lower the learning rate, ' +
    'clip the gradients, or scale the data to a small range';
  expect(await rejection(model.fit([[1e3]], [[1e4]]))).toBe(
    `NonFiniteError: fit: the weight 'only/kernel' holds NaN or infinity after 1 training steps: ${remedy}`,
  );
  expect(await rejection(model.predict([[1]]))).toMatch(/^NonFiniteError: predict: the weight 'only\/kernel'/);
  expect(await rejection(model.trainOnBatch([[1]], [[1]]))).toMatch(/^NonFiniteError: trainOnBatch: the weight/);
  model.setWeights(first);
  expect((await model.predict([[1]])).data.every(Number.isFinite)).toBe(true);
  expect(await rejection(model.trainOnBatch([[1e3]], [[1e4]]))).toBe(
    `NonFiniteError: trainOnBatch: the weight 'only/kernel' became NaN or infinite in training step 2: ${remedy}`,
  );
});

it('the weights are checked by a program only after a graph has changed them', async () => {
  const engine = referenceEngine();
  const model = threeLayers(engine);
  const compile = vi.spyOn(engine, 'compile');
  const x = [[1], [2]];
  await model.predict(x);
  model.setWeights([tensor([[2]]), tensor([[0]]), tensor([[1]])]);
  await model.predict(x);
  for (let step = 0; step < 3; step++) {
    await model.trainOnBatch(x, x);
    await model.predict(x);
  }
  expect(compile).toHaveBeenCalledTimes(2); // predict and trainOnBatch
  const kernel = model.layers[0]!.weights[0]!;
  const executable = await engine.compile({ updates: [[kernel, mul(kernel, 2)]] });
  const write = vi.spyOn(engine, 'write');
  const runs: string[] = [];
  for (let step = 0; step < 3; step++) {
    executable.run(1);
    for (let pass = 0; pass < 2; pass++) await model.predict(x);
    runs.push(...write.mock.calls.map(([variable]) => variable.variable.name).filter((name) => name === 'nonFinite'));
    write.mockClear();
  }
  expect(runs).toHaveLength(3);
  expect(compile).toHaveBeenCalledTimes(4); // the graph and the check
});

it('another model that trains the same weights changes them for both', async () => {
  const engine = referenceEngine();
  const shared = dense({ units: 1, name: 'shared', kernelInitializer: 'ones', activation: 'sigmoid', inputShape: [1] });
  const [trained, other] = [sequential([shared], { engine }), sequential([shared], { engine })];
  await other.predict([[1]]);
  trained.compile({ optimizer: sgd({ learningRate: 3e38 }), loss: (y, output) => mul(sum(mul(y, output), -1), 1e10) });
  expect(await rejection(trained.trainOnBatch([[1]], [[1]]))).toMatch(/the weight 'shared\/kernel' became NaN/);
  expect(await rejection(other.predict([[-1]]))).toMatch(/^NonFiniteError: predict: the weight 'shared\/kernel'/);
});

describe('data that are not finite are refused with their sample', () => {
  const bad = [NaN, Infinity, -Infinity];
  it.each(bad)('%d in a second input, and in labels', async (value) => {
    const inputs = [input({ shape: [1] }), input({ shape: [1] })];
    const model = modelOf({ inputs, outputs: add().apply(inputs), engine: referenceEngine() });
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const [good, wrong] = [tensor([[1], [2]]), tensor([[1], [value]])];
    const data = [
      [[good, wrong], good, 'x[1]'],
      [[good, good], wrong, 'y'],
    ] as const;
    for (const [x, y, name] of data) {
      const message = (caller: string): string => `ValueError: ${caller}: ${name} holds ${value} in sample 1 at [0]`;
      const calls = {
        fit: () => model.fit(x, y),
        evaluate: () => model.evaluate(x, y),
        trainOnBatch: () => model.trainOnBatch(x, y),
        testOnBatch: () => model.testOnBatch(x, y),
      };
      for (const [caller, call] of Object.entries(calls)) expect(await rejection(call())).toContain(message(caller));
      if (name !== 'y') expect(await rejection(model.predict(x))).toContain(message('predict'));
      const validated = model.fit([good, good], good, { validationData: [x, y] });
      expect(await rejection(validated)).toMatch(/^ValueError: fit.*validationData|^ValueError: fit: .* holds/);
    }
  });
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
