import { describe, expect, test } from 'vitest';
import { deriveKey, keyFromSeed, uniform } from '../../src/core/random.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { layerFromConfig, layerRegistry } from '../../src/nn/layer-registry.ts';
import type { Layer, SymbolicTensor } from '../../src/nn/layer.ts';
import { activation } from '../../src/nn/layers/activation.ts';
import { add } from '../../src/nn/layers/add.ts';
import { average } from '../../src/nn/layers/average.ts';
import { bidirectional } from '../../src/nn/layers/bidirectional.ts';
import { batchNormalization } from '../../src/nn/layers/batch-normalization.ts';
import { concatenate } from '../../src/nn/layers/concatenate.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { gru } from '../../src/nn/layers/gru.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { inputLayer } from '../../src/nn/layers/input.ts';
import { layerNormalization } from '../../src/nn/layers/layer-normalization.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { multiply } from '../../src/nn/layers/multiply.ts';
import { reshape } from '../../src/nn/layers/reshape.ts';
import { simpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { l2 } from '../../src/nn/regularizers.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { built, context, integers, messageOf, tensor, valuesOf } from './support.ts';

const still = context(false);

describe('dense', () => {
  test('x · kernel + bias, then the activation', () => {
    const layer = built(dense({ units: 2, activation: 'relu', name: 'hidden' }), [3]);
    const [kernel, bias] = layer.weights;
    expect([kernel!.shape, bias!.shape]).toEqual([[3, 2], [2]]);
    expect([kernel!.variable.name, bias!.variable.name]).toEqual(['hidden/kernel', 'hidden/bias']);
    expect(layer.weights.map(({ variable }) => variable.role)).toEqual(['parameter', 'parameter']);
    const feeds = new Map([
      [kernel!, [1, -1, 2, -2, 3, -3]],
      [bias!, [0.5, 0.25]],
    ]);
    const y = layer.call([tensor([1, 1, 1, -1, 0, 0], [2, 3])], still);
    expect(y.shape).toEqual([2, 2]);
    expect(valuesOf(y, feeds)).toEqual([6.5, 0, 0, 1.25]);
  });

  test('works on the last axis of samples of any rank', () => {
    const layer = built(dense({ units: 1, useBias: false, kernelInitializer: 'ones' }), [2, 2, 3]);
    expect(layer.outputShape([[2, 2, 3]])).toEqual([2, 2, 1]);
    const y = layer.call(
      [
        tensor(
          Array.from({ length: 24 }, (_, index) => index),
          [2, 2, 2, 3],
        ),
      ],
      still,
    );
    expect(y.shape).toEqual([2, 2, 2, 1]);
    expect(valuesOf(y)).toEqual([3, 12, 21, 30, 39, 48, 57, 66]);
    expect(layer.weights).toHaveLength(1);
  });

  test('takes whole numbers too', () => {
    const layer = built(dense({ units: 1, kernelInitializer: 'ones' }), [2]);
    expect(valuesOf(layer.call([integers([1, 2, 3, 4], [2, 2])], still))).toEqual([3, 7]);
  });

  test('first weights follow from the key; each weight has a stream of its own', () => {
    const layer = built(dense({ units: 4, biasInitializer: 'randomNormal' }), [5]);
    const [kernel, bias] = layer.weights.map(({ variable }) => variable.initialize!());
    const again = built(dense({ units: 4, biasInitializer: 'randomNormal' }), [5]);
    expect(again.weights.map(({ variable }) => variable.initialize!())).toEqual([kernel, bias]);
    expect([...kernel!.slice(0, 4)]).not.toEqual([...bias!]);
    const bound = Math.sqrt(6 / 9);
    expect(kernel!.every((value) => Math.abs(value) <= bound)).toBe(true);
  });

  test('build makes weights once: a shared layer keeps them', () => {
    const layer = built(dense({ units: 4 }), [5]);
    const weights = [...layer.weights];
    expect(built(layer, [5]).weights).toEqual(weights);
  });

  test('penalties', () => {
    const options = { units: 2, kernelInitializer: 'ones', biasInitializer: 'ones' } as const;
    const layer = built(dense({ ...options, kernelRegularizer: l2({ l2: 0.5 }), biasRegularizer: 'l1' }), [3]);
    expect(layer.penalties().map((penalty) => valuesOf(penalty)[0])).toEqual([3, expect.closeTo(0.02, 12)]);
    expect(built(dense(options), [3]).penalties()).toEqual([]);
  });

  test('errors', () => {
    expect(messageOf(() => dense({ units: 0 }))).toMatchInlineSnapshot(
      `"ValueError: dense: units must be an integer ≥ 1, not 0"`,
    );
    expect(messageOf(() => dense({ units: 2.5, name: 'head' }))).toMatchInlineSnapshot(
      `"ValueError: head: units must be an integer ≥ 1, not 2.5"`,
    );
    expect(messageOf(() => dense({ units: 3, activation: 'rleu' as 'relu' }))).toMatchInlineSnapshot(
      `"ValueError: activation: there is no 'rleu'; did you mean 'relu'?"`,
    );
    expect(messageOf(() => dense({ units: 3, kernelInitializer: 'he' as 'zeros' }))).toMatchInlineSnapshot(
      `"ValueError: initializer: there is no 'he'; did you mean 'heUniform'?"`,
    );
    expect(messageOf(() => dense({ units: 3, name: 'a/b' }))).toMatchInlineSnapshot(
      `"ValueError: a/b: name must be a string without '/', not 'a/b'"`,
    );
    expect(messageOf(() => dense({ units: 3, inputShape: [-1] }))).toMatchInlineSnapshot(
      `"ShapeError: dense: [-1] is not a valid shape: every dimension must be an integer ≥ 0, not -1"`,
    );
    expect(messageOf(() => dense({ units: 3 }).weights)).toMatchInlineSnapshot(
      `"StateError: layer 'dense': it has no weights yet: build the model, or give the first layer an inputShape"`,
    );
    expect(messageOf(() => dense({ units: 3 }).outputShape([[]]))).toMatchInlineSnapshot(
      `"ShapeError: dense: a sample must have features, not shape []: make it [1]"`,
    );
    expect(messageOf(() => dense({ units: 3 }).outputShape([[2], [2]]))).toMatchInlineSnapshot(
      `"ShapeError: dense: takes one input, not 2: join them first with concatenate() or add()"`,
    );
    const layer = built(dense({ units: 3, name: 'dense_1' }), [784]);
    expect(
      messageOf(() => layer.call([tensor(new Array<number>(1536).fill(0), [2, 768])], still)),
    ).toMatchInlineSnapshot(
      `"ShapeError: dense_1: expects inputs of 784 features, got [batch, 768]: give inputs of shape [batch, 784]"`,
    );
    expect(messageOf(() => layer.outputShape([[28, 28]]))).toMatchInlineSnapshot(
      `"ShapeError: dense_1: expects inputs of 784 features, got [batch, 28, 28]: put flatten() before it"`,
    );
  });
});

describe('layers without weights', () => {
  test('activation', () => {
    const layer = built(activation({ activation: 'relu' }), [2]);
    expect(valuesOf(layer.call([tensor([-1, 2], [1, 2])], still))).toEqual([0, 2]);
    expect(layer.outputShape([[7, 2]])).toEqual([7, 2]);
    expect(layer.weights).toEqual([]);
    expect(messageOf(() => activation({ activation: 'soft max' as 'softmax' }))).toMatchInlineSnapshot(
      `"ValueError: activation: there is no 'soft max'; did you mean 'softmax'?"`,
    );
  });

  test('flatten', () => {
    const layer = flatten();
    expect(layer.outputShape([[28, 28, 3]])).toEqual([2352]);
    expect(layer.outputShape([[]])).toEqual([1]);
    expect(layer.call([tensor(new Array<number>(12).fill(1), [2, 3, 2])], still).shape).toEqual([2, 6]);
  });

  test('reshape', () => {
    const layer = reshape({ targetShape: [2, -1], name: 'fold' });
    expect(layer.outputShape([[6]])).toEqual([2, 3]);
    expect(layer.call([tensor(new Array<number>(12).fill(1), [2, 6])], still).shape).toEqual([2, 2, 3]);
    expect(messageOf(() => layer.outputShape([[7]]))).toMatchInlineSnapshot(
      `"ShapeError: fold: samples of shape [7] have 7 elements, which do not fit [2, -1]: choose a targetShape with as many elements"`,
    );
    expect(messageOf(() => reshape({ targetShape: [-1, -1] }))).toMatchInlineSnapshot(
      `"ValueError: reshape: targetShape must be a shape of integers ≥ 0 and at most one -1, not [-1, -1]"`,
    );
  });

  test('input', () => {
    const place = input({ shape: [28, 28], name: 'image' });
    expect([place.shape, place.layer.name, place.layer.kind, place.inputs]).toEqual([[28, 28], 'image', 'input', []]);
    expect(inputLayer({ shape: [4] }).outputShape([[4]])).toEqual([4]);
    expect(messageOf(() => inputLayer({ shape: [4], name: 'x' }).outputShape([[5]]))).toMatchInlineSnapshot(
      `"ShapeError: x: expects samples of shape [4], got [5]: reshape the data"`,
    );
    expect(messageOf(() => input({ shape: 4 as never }))).toMatchInlineSnapshot(
      `"ValueError: input: shape must be an array of dimensions without the batch axis, such as [784], not 4"`,
    );
    expect(messageOf(() => input({ shape: [4], dtype: 'float64' as never }))).toMatchInlineSnapshot(
      `"ValueError: input: dtype must be 'float32', 'int32' or 'uint8', not 'float64'"`,
    );
  });
});

describe('dropout', () => {
  const x = tensor(new Array<number>(2000).fill(3), [2, 1000]);
  const rate = 0.25;

  test('does nothing outside of training, or with a rate of 0', () => {
    expect(built(dropout({ rate }), [1000]).call([x], still)).toBe(x);
    expect(built(dropout({ rate: 0 }), [1000]).call([x], context(true))).toBe(x);
  });

  test('zeroes a share of the elements and scales the others: the mask is that of the key and the step', () => {
    const step = 5;
    const y = valuesOf(built(dropout({ rate }), [1000]).call([x], context(true, step)));
    const draws = uniform(deriveKey(keyFromSeed(1), 0), 2000, step);
    expect(y).toEqual([...draws].map((draw) => (draw < rate ? 0 : 4)));
    const dropped = y.filter((value) => value === 0).length / y.length;
    expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / y.length));
  });

  test('another step, key, seed or use in one model gives another mask; the same gives the same', () => {
    const mask = (layer: Layer, step: number): string => valuesOf(layer.call([x], context(true, step))).join();
    const layer = built(dropout({ rate }), [1000]);
    expect(mask(layer, 1)).toBe(mask(layer, 1));
    expect(mask(layer, 1)).not.toBe(mask(layer, 2));
    expect(mask(built(dropout({ rate, seed: 9 }), [1000]), 1)).not.toBe(mask(layer, 1));
    expect(mask(built(dropout({ rate, seed: 1 }), [1000]), 1)).toBe(mask(layer, 1)); // `built` has seed 1
    const once = context(true, 1);
    const [first, second] = [layer.call([x], once), layer.call([x], once)];
    expect(valuesOf(first)).not.toEqual(valuesOf(second));
  });

  test('the gradient passes where the value does', () => {
    const y = built(dropout({ rate }), [1000]).call([x], context(true));
    const [slope] = gradients(sum(y), [x]);
    expect(valuesOf(slope!)).toEqual(valuesOf(y).map((value) => value / 3));
  });

  test('errors', () => {
    expect(messageOf(() => dropout({ rate: 1 }))).toMatchInlineSnapshot(
      `"ValueError: dropout: rate must be a number in [0, 1), not 1"`,
    );
    expect(messageOf(() => dropout({ rate: -0.1, name: 'drop' }))).toMatchInlineSnapshot(
      `"ValueError: drop: rate must be a number in [0, 1), not -0.1"`,
    );
    expect(messageOf(() => dropout({ rate: 0.1, seed: NaN }))).toMatchInlineSnapshot(
      `"ValueError: dropout: seed must be an integer, not NaN"`,
    );
  });
});

describe('merging layers', () => {
  const [a, b, c] = [tensor([1, 2, 3, 4], [2, 2]), tensor([5, 6, 7, 8], [2, 2]), tensor([2, 3], [2, 1])];

  test('add, multiply, average', () => {
    expect(valuesOf(add().call([a, b], still))).toEqual([6, 8, 10, 12]);
    expect(valuesOf(add().call([a, b, c], still))).toEqual([8, 10, 13, 15]);
    expect(valuesOf(multiply().call([a, b], still))).toEqual([5, 12, 21, 32]);
    expect(valuesOf(average().call([a, b, a, b], still))).toEqual([3, 4, 5, 6]);
    expect(add().outputShape([[2], [1]])).toEqual([2]);
  });

  test('concatenate', () => {
    expect(valuesOf(concatenate().call([a, c], still))).toEqual([1, 2, 2, 3, 4, 3]);
    expect(
      concatenate({ axis: 1 }).outputShape([
        [2, 3],
        [5, 3],
      ]),
    ).toEqual([7, 3]);
  });

  test('in a functional form: a residual connection', () => {
    const x: SymbolicTensor = input({ shape: [4] });
    const y = add().apply([dense({ units: 4 }).apply(x), x]);
    expect(y.shape).toEqual([4]);
    expect(y.inputs[1]).toBe(x);
  });

  test('errors', () => {
    expect(messageOf(() => add().outputShape([[2]]))).toMatchInlineSnapshot(
      `"ShapeError: add: joins at least 2 inputs, not 1: give apply() a list"`,
    );
    expect(messageOf(() => add({ name: 'sum' }).outputShape([[2], [3]]))).toMatchInlineSnapshot(
      `"ShapeError: sum: shapes [2] and [3] do not broadcast (2 vs 3 at axis 0): make the dimensions equal, or one of them 1"`,
    );
    expect(messageOf(() => multiply().outputShape([[2], [2, 2]]))).toMatchInlineSnapshot(
      `"ShapeError: multiply: samples of shapes [2] and [2, 2] differ in rank: reshape() one of them"`,
    );
    expect(
      messageOf(() =>
        concatenate().outputShape([
          [2, 3],
          [4, 4],
        ]),
      ),
    ).toMatchInlineSnapshot(
      `"ShapeError: concatenate: samples of shapes [2, 3] and [4, 4] cannot be joined along axis -1: their other dimensions must be equal"`,
    );
    expect(messageOf(() => concatenate({ axis: 0 }))).toMatchInlineSnapshot(
      `"ValueError: concatenate: axis must be an integer other than 0, the batch axis, not 0"`,
    );
    expect(messageOf(() => concatenate({ axis: 3 }).outputShape([[2], [2]]))).toMatchInlineSnapshot(
      `"ShapeError: concatenate: axis 3 does not exist in a tensor of rank 2: use -2 … 1"`,
    );
    expect(messageOf(() => concatenate({ axis: -2 }).outputShape([[2], [2]]))).toMatchInlineSnapshot(
      `"ShapeError: concatenate: axis -2 is the batch axis: use 1 … 1"`,
    );
  });
});

describe('saving', () => {
  const layers: readonly Layer[] = [
    dense({
      units: 3,
      name: 'head',
      trainable: false,
      inputShape: [4],
      activation: 'tanh',
      useBias: false,
      kernelInitializer: 'heNormal',
      kernelRegularizer: 'l2',
    }),
    dense({ units: 1 }),
    activation({ activation: 'softmax' }),
    dropout({ rate: 0.5, seed: 3 }),
    flatten({ inputShape: [2, 2] }),
    reshape({ targetShape: [2, -1] }),
    inputLayer({ shape: [4], dtype: 'int32', name: 'words' }),
    add(),
    average(),
    layerNormalization({
      axis: [1, 2],
      epsilon: 1e-5,
      center: false,
      gammaInitializer: 'zeros',
      gammaRegularizer: 'l2',
    }),
    layerNormalization(),
    batchNormalization({ axis: 1, momentum: 0.9, scale: false, betaRegularizer: 'l1', movingMeanInitializer: 'ones' }),
    batchNormalization(),
    multiply({ name: 'gate' }),
    concatenate({ axis: 1 }),
    embedding({ inputDim: 10, outputDim: 4, maskZero: true, inputLength: 6, embeddingsRegularizer: 'l2' }),
    embedding({ inputDim: 10, outputDim: 4 }),
    simpleRNN({ units: 3, activation: 'relu', dropout: 0.1, recurrentDropout: 0.2, seed: 4 }),
    lstm({ units: 3, recurrentActivation: 'hardSigmoid', unitForgetBias: false, returnSequences: true }),
    gru({ units: 3, resetAfter: false, goBackwards: true, zeroOutputForMask: true, useBias: false }),
    bidirectional(lstm({ units: 3, recurrentRegularizer: 'l1' }), { mergeMode: 'ave', name: 'both' }),
    timeDistributed(timeDistributed(dense({ units: 2 })), { trainable: false }),
  ];

  test('every layer of the registry comes back from its config as JSON', () => {
    expect(new Set(layers.map(({ kind }) => kind))).toEqual(new Set(Object.keys(layerRegistry)));
    for (const layer of layers) {
      const config = JSON.parse(JSON.stringify(layer.config())) as Record<string, unknown>;
      const copy = layerFromConfig(layer.kind, config);
      expect(copy.config()).toEqual(config);
      expect([copy.name, copy.trainable, copy.inputShape]).toEqual([layer.name, layer.trainable, layer.inputShape]);
      expect(copy).not.toBe(layer);
    }
  });

  test('what a file says is checked like a user’s options', () => {
    expect(messageOf(() => layerFromConfig('dens', {}))).toMatchInlineSnapshot(
      `"ValueError: layer: there is no 'dens'; did you mean 'dense'?"`,
    );
    expect(messageOf(() => layerFromConfig('constructor', {}))).toMatchInlineSnapshot(
      `"ValueError: layer: there is no 'constructor': the names are activation, add, average, batchNormalization, bidirectional, concatenate, dense, dropout, embedding, flatten, gru, input, layerNormalization, lstm, multiply, reshape, simpleRNN, timeDistributed"`,
    );
    expect(messageOf(() => layerFromConfig('dense', {}))).toMatchInlineSnapshot(
      `"ValueError: dense: units must be an integer ≥ 1, not undefined"`,
    );
    expect(messageOf(() => layerFromConfig('dense', { units: '3' }))).toMatchInlineSnapshot(
      `"ValueError: dense: units must be an integer ≥ 1, not '3'"`,
    );
    expect(messageOf(() => layerFromConfig('dense', { units: 3, name: 5 }))).toMatchInlineSnapshot(
      `"ValueError: dense: name must be a string without '/', not 5"`,
    );
    expect(messageOf(() => layerFromConfig('dropout', { rate: '0.5' }))).toMatchInlineSnapshot(
      `"ValueError: dropout: rate must be a number in [0, 1), not '0.5'"`,
    );
    expect(messageOf(() => layerFromConfig('reshape', {}))).toMatchInlineSnapshot(
      `"ValueError: reshape: targetShape must be a shape of integers ≥ 0 and at most one -1, not undefined"`,
    );
    const custom = dense({ units: 1, activation: (x) => x });
    expect(messageOf(() => custom.config())).toMatchInlineSnapshot(
      `"ValueError: activation: a function of your own cannot be saved: use a name, or save the weights alone"`,
    );
  });
});
