/** The batch normalization layer: moving averages, masks, frozen and shared layers, saving and loading. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import type { CallContext, Layer } from '../../src/nn/layer.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import { add } from '../../src/nn/layers/add.ts';
import { activation } from '../../src/nn/layers/activation.ts';
import { batchNormalization } from '../../src/nn/layers/batch-normalization.ts';
import type { BatchNormalizationOptions } from '../../src/nn/layers/batch-normalization.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { l2 } from '../../src/nn/regularizers.ts';
import { adam } from '../../src/optim/adam.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { tensor as hostTensor } from '../../src/data/tensor.ts';
import { loadModel } from '../../src/files/load.ts';
import { model as functional, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { allWeights, blobs, engines, lossRecorder, referenceEngine, wasmEngine } from '../support/models.ts';
import { built, context, integers, messageOf, tensor, valuesOf } from './support.ts';

const still = context(false);
const close = (values: readonly number[], digits = 6): unknown[] =>
  values.map((value) => expect.closeTo(value, digits));

/** The context of a training step, and its state updates. */
function training(rowMask?: Node): { readonly context: CallContext; readonly state: (weight: Variable) => number[] } {
  const updates = new Map<Variable, Node>();
  const update: CallContext['update'] = (weight, next) => void updates.set(weight, next(updates.get(weight) ?? weight));
  return {
    context: { ...context(true), update, ...(rowMask && { rowMask }) },
    state: (weight) => valuesOf(updates.get(weight)!),
  };
}

/** [gamma, beta,] movingMean, movingVariance */
const moving = (layer: Layer): readonly [Variable, Variable] => layer.weights.slice(-2) as [Variable, Variable];

describe('values', () => {
  const x = tensor([1, 10, 3, 10, 5, 40], [3, 2]); // means 3 and 20, variances 8/3 and 200

  test('of a batch while training, and the moving averages go towards them', () => {
    const layer = built(batchNormalization({ epsilon: 0, name: 'norm' }), [2]);
    const { context: step, state } = training();
    const [end, low] = [Math.sqrt(3 / 2), Math.SQRT1_2];
    expect(valuesOf(layer.call([x], step))).toEqual(close([-end, -low, 0, -low, end, 2 * low]));
    const [mean, variance] = moving(layer);
    expect(state(mean)).toEqual(close([0.03, 0.2]));
    expect(state(variance)).toEqual(close([0.99 + 0.01 * (8 / 3), 0.99 + 2]));
    expect(layer.weights.map((weight) => [weight.variable.name, weight.variable.role, weight.shape])).toEqual([
      ['norm/gamma', 'parameter', [2]],
      ['norm/beta', 'parameter', [2]],
      ['norm/movingMean', 'state', [2]],
      ['norm/movingVariance', 'state', [2]],
    ]);
  });

  test('of the moving averages otherwise', () => {
    const layer = built(batchNormalization({ epsilon: 0.5 }), [2]);
    const [gamma, beta, mean, variance] = layer.weights as [Variable, Variable, Variable, Variable];
    const feeds = new Map([
      [gamma, [2, 3]],
      [beta, [10, 20]],
      [mean, [1, 2]],
      [variance, [3.5, 0.5]],
    ]);
    const one = tensor([5, 4], [1, 2]);
    for (const each of [still, { ...context(true), frozen: true }])
      expect(valuesOf(layer.call([one], each), feeds)).toEqual(close([14, 26]));
    // At first mean 0 and variance 1, as in Keras: 5 / √1.001.
    expect(valuesOf(built(batchNormalization(), [2]).call([one], still))[0]).toBeCloseTo(4.9975, 4);
  });

  test('of the batch in a step by hand, moving averages or not, unless it is frozen', () => {
    const options = { epsilon: 0, center: false, scale: false };
    const plain = built(batchNormalization(options), [2]);
    const steps = built(timeDistributed(batchNormalization(options)), [3, 2]);
    const all = tensor([1, 10, 3, 10, 5, 40], [1, 3, 2]);
    const outputs = (each: CallContext): number[][] => [
      valuesOf(plain.call([x], each)),
      valuesOf(steps.call([all], each)),
    ];
    const [end, low] = [Math.sqrt(3 / 2), Math.SQRT1_2];
    const normalized = close([-end, -low, 0, -low, end, 2 * low]);
    expect(outputs(context(true))).toEqual([normalized, normalized]);
    expect(outputs(training().context)).toEqual([normalized, normalized]);
    const same = [1, 10, 3, 10, 5, 40];
    expect(outputs(still)).toEqual([same, same]);
    [plain, steps].forEach((layer) => (layer.trainable = false));
    expect(outputs(context(true))).toEqual([same, same]);
    expect(outputs({ ...context(true), frozen: false })).toEqual([normalized, normalized]);
  });

  test('over axes of any place', () => {
    const y = tensor([1, 5, 3, 7, 2, 2, 6, 6], [2, 2, 2]);
    const step = training().context;
    const first = built(batchNormalization({ axis: 1, epsilon: 0, center: false, scale: false }), [2, 2]);
    const [a, b] = [2.5, 5.5]; // of 1, 5, 2, 2 and of 3, 7, 6, 6, variances 2.25
    expect(valuesOf(first.call([y], step))).toEqual(
      close([1 - a, 5 - a, 3 - b, 7 - b, 2 - a, 2 - a, 6 - b, 6 - b].map((value) => value / 1.5)),
    );
    expect(first.outputShape([[2, 2]])).toEqual([2, 2]);
    expect(first.weights).toHaveLength(2);
  });

  test('neither rows that only fill up nor steps that a mask leaves out count', () => {
    const layer = built(batchNormalization({ momentum: 0 }), [2, 1]);
    const rows = tensor([1, 3, 2, 100, 77, 78], [3, 2, 1]);
    const { context: step, state } = training(tensor([1, 1, 0]));
    layer.call([rows], step, [tensor([1, 1, 1, 0, 1, 1], [3, 2])]);
    expect(moving(layer).map(state)).toEqual([close([2]), close([2 / 3])]);
  });

  test('a layer at every step sees batch and steps as one batch', () => {
    const inner = batchNormalization({ momentum: 0 });
    const layer = built(timeDistributed(inner), [2, 1]);
    const rows = tensor([1, 3, 2, 100, 77, 78], [3, 2, 1]);
    const { context: step, state } = training(tensor([1, 1, 0]));
    layer.call([rows], step, [tensor([1, 1, 1, 0, 1, 1], [3, 2])]);
    expect(moving(layer).map(state)).toEqual([close([2]), close([2 / 3])]);
  });

  test('takes whole numbers too', () => {
    const layer = built(batchNormalization({ epsilon: 0 }), [1]);
    expect(valuesOf(layer.call([integers([4, 6], [2, 1])], training().context))).toEqual(close([-1, 1]));
  });

  test('penalties', () => {
    const options = { betaInitializer: 'ones', gammaRegularizer: l2({ l2: 0.5 }), betaRegularizer: 'l1' } as const;
    const layer = built(batchNormalization(options), [3]);
    expect(layer.penalties().map((penalty) => valuesOf(penalty)[0])).toEqual([1.5, expect.closeTo(0.03, 12)]);
  });
});

const { x, y } = blobs(50);

function normalized(engine: Engine, options: BatchNormalizationOptions = {}): Model {
  const model = sequential(
    [
      // A bias would have no gradient here, and Adam makes steps of its rounding.
      dense({ units: 8, useBias: false, inputShape: [2] }),
      batchNormalization({ name: 'norm', momentum: 0.9, ...options }),
      activation({ activation: 'relu' }),
      dense({ units: 3 }),
    ],
    { engine, seed: 3 },
  );
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: 'sparseCategoricalCrossentropyFromLogits' });
  return model;
}

/** Indices of the moving averages in a model's weights. */
const [meanAt, varianceAt] = [3, 4];
const weightsOf = async (model: Model): Promise<number[][]> => (await model.getWeights()).map(({ data }) => [...data]);

describe.each(engines)('training on %s', (_, create) => {
  test('a last, short batch counts its own rows only: as if it were a batch of its own', async () => {
    const fitted = normalized(await create());
    await fitted.fit(x, y, { batchSize: 16, shuffle: false });
    const single = normalized(await create());
    for (const [from, to] of [
      [0, 16],
      [16, 32],
      [32, 48],
      [48, 50],
    ] as const) {
      await single.trainOnBatch(
        hostTensor(x.data.slice(2 * from, 2 * to), [to - from, 2]),
        hostTensor(y.data.slice(from, to), [to - from]),
      );
    }
    const expected = await allWeights(single);
    (await allWeights(fitted)).forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
  });

  test('evaluation and prediction use the moving averages, and leave them as they are', async () => {
    const model = normalized(await create());
    await model.fit(x, y, { epochs: 2 });
    const before = await weightsOf(model);
    const alone = await model.predict(hostTensor(x.data.slice(0, 2), [1, 2]));
    const together = await model.predict(x);
    alone.data.forEach((value, at) => expect(value).toBeCloseTo(together.data[at]!, 5));
    await model.evaluate(x, y);
    expect(await weightsOf(model)).toEqual(before);
  });

  test('a frozen layer uses its moving averages while training, and keeps them', async () => {
    const model = normalized(await create(), { trainable: false });
    const before = await weightsOf(model);
    await model.fit(x, y, { epochs: 1 });
    const after = await weightsOf(model);
    expect(after.slice(1, 5)).toEqual(before.slice(1, 5));
    expect(after[0]).not.toEqual(before[0]);
    model.layers[1]!.trainable = true;
    await model.fit(x, y, { epochs: 1 });
    expect((await weightsOf(model)).slice(1, 5)).toEqual(before.slice(1, 5)); // until the next compile
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropyFromLogits' });
    await model.fit(x, y, { epochs: 1 });
    const moved = await weightsOf(model);
    for (const at of [1, 2, meanAt, varianceAt]) expect(moved[at]).not.toEqual(before[at]);
  });

  test('a layer used twice goes towards both batches, one after the other', async () => {
    const engine = await create();
    const norm = batchNormalization({ momentum: 0.5, trainable: true });
    const [a, b] = [input({ shape: [1] }), input({ shape: [1] })];
    const sum = add().apply([norm.apply(a), norm.apply(b)]);
    const model = functional({ inputs: [a, b], outputs: sum, engine, seed: 1 });
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
    const column = (...values: number[]) => hostTensor(Float32Array.from(values), [values.length, 1]);
    await model.trainOnBatch([column(2, 4), column(10, 10)], column(0, 0));
    const [mean, variance] = (await weightsOf(model)).slice(-2);
    expect(mean).toEqual(close([(0.5 * 0 + 0.5 * 3) * 0.5 + 0.5 * 10]));
    expect(variance).toEqual(close([(0.5 * 1 + 0.5 * 1) * 0.5]));
  });
});

test('the curves of WebAssembly and float64 are one', async () => {
  const curve = async (engine: Engine): Promise<number[]> => {
    const recorder = lossRecorder();
    await normalized(engine).fit(x, y, { epochs: 15, batchSize: 16, callbacks: recorder });
    return recorder.losses;
  };
  const [exact, given] = [await curve(referenceEngine()), await curve(await wasmEngine())];
  given.forEach((loss, epoch) => expect(loss).toBeCloseTo(exact[epoch]!, 4));
  expect(exact.at(-1)).toBeLessThan(0.3 * exact[0]!);
});

test('training goes on from a file to the bit, moving averages among it', async () => {
  const [whole, first] = [normalized(await wasmEngine()), normalized(await wasmEngine())];
  await whole.fit(x, y, { epochs: 4, batchSize: 16 });
  await first.fit(x, y, { epochs: 2, batchSize: 16 });
  const second = loadModel(await first.save(), { layers: layerRegistry, engine: await wasmEngine() });
  expect(await second.predict(x)).toEqual(await first.predict(x));
  await second.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 16 });
  expect(await allWeights(second)).toEqual(await allWeights(whole));
  expect(whole.summary()).toMatch(/norm \(batchNormalization\) .* 32\n[^]*Non-trainable params: 16/);
});

test('sequences: padding does not count, wherever the layer stands', async () => {
  const words = hostTensor(Int32Array.of(1, 2, 0, 0, 3, 4, 5, 0), [2, 4]);
  const movingOf = async (layer: Layer, maskZero: boolean): Promise<number[][]> => {
    const layers = [
      embedding({ inputDim: 6, outputDim: 2, maskZero, inputLength: 4 }),
      layer,
      flatten(),
      dense({ units: 1 }),
    ];
    const model = sequential(layers, { engine: await wasmEngine(), seed: 2 });
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
    await model.trainOnBatch(words, hostTensor([0, 1]));
    return (await weightsOf(model)).slice(3, 5);
  };
  const plain = await movingOf(batchNormalization(), true);
  expect(await movingOf(timeDistributed(batchNormalization()), true)).toEqual(plain);
  const unmasked = await movingOf(batchNormalization(), false);
  expect(unmasked[0]![0]).not.toBeCloseTo(plain[0]![0]!, 6);
});

test('errors', () => {
  const wrong = [
    () => batchNormalization({ axis: 0 }),
    () => batchNormalization({ axis: [1, 2] as never }),
    () => batchNormalization({ momentum: 1.01, name: 'norm' }),
    () => batchNormalization({ momentum: -0.1 }),
    () => batchNormalization({ epsilon: -1e-3 }),
    () => batchNormalization({ epsilon: NaN }),
    () => batchNormalization({ center: 1 as never }),
    () => batchNormalization({ scale: null as never }),
    () => batchNormalization({ movingMeanInitializer: 'zero' as never }),
    () => batchNormalization({ gammaRegularizer: 'l3' as never }),
    () => batchNormalization({ axis: 3 }).outputShape([[2, 3]]),
    () => batchNormalization({ axis: -3 }).outputShape([[2, 3]]),
    () => batchNormalization().outputShape([[]]),
    () => batchNormalization().outputShape([[2], [2]]),
    () => built(batchNormalization(), [4]).call([tensor([1, 2, 3], [1, 3])], still),
  ];
  expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
    "ValueError: batchNormalization: axis must be an integer other than 0, the batch axis, not 0
    ValueError: batchNormalization: axis must be an integer other than 0, the batch axis, not [1, 2]
    ValueError: norm: momentum must be a finite number ≥ 0 and ≤ 1, not 1.01
    ValueError: batchNormalization: momentum must be a finite number ≥ 0 and ≤ 1, not -0.1
    ValueError: batchNormalization: epsilon must be a finite number ≥ 0, not -0.001
    ValueError: batchNormalization: epsilon must be a finite number ≥ 0, not NaN
    ValueError: batchNormalization: center must be true or false, not 1
    ValueError: batchNormalization: scale must be true or false, not null
    ValueError: initializer: there is no 'zero'; did you mean 'zeros'?
    ValueError: regularizer: there is no 'l3'; did you mean 'l1'?
    ShapeError: batchNormalization: axis 3 does not exist in a tensor of rank 3: use -3 … 2
    ShapeError: batchNormalization: axis -3 of [batch, 2, 3] is the batch axis: use 1 … 2
    ShapeError: batchNormalization: a sample must have features, not shape []: make it [1]
    ShapeError: batchNormalization: takes one input, not 2: join them first with concatenate() or add()
    ShapeError: batchNormalization: expects [4] along axis -1, got [batch, 3]"
  `);
});
