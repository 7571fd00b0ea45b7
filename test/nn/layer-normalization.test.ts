/** The layer normalization layer: values computed by hand, training, errors, saving and loading. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { layerNormalization } from '../../src/nn/layers/layer-normalization.ts';
import { l2 } from '../../src/nn/regularizers.ts';
import { mul } from '../../src/ops/elementwise/arithmetic.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { adam } from '../../src/optim/adam.ts';
import { loadModel } from '../../src/files/load.ts';
import { sequential } from '../../src/model/make-model.ts';
import { centralDifferences, disagreement } from '../support/finite-differences.ts';
import { blobs } from '../support/models.ts';
import { built, context, integers, messageOf, tensor, valuesOf } from './support.ts';

const still = context(false);
const close = (values: readonly number[], digits = 12): unknown[] =>
  values.map((value) => expect.closeTo(value, digits));

describe('values', () => {
  // mean 2, variance (1 + 0 + 1) / 3 = 2/3; mean 20, variance 200/3
  test('each row has mean 0, and variance 1 but for epsilon', () => {
    const layer = built(layerNormalization({ epsilon: 0 }), [3]);
    const y = valuesOf(layer.call([tensor([1, 2, 3, 10, 20, 30], [2, 3])], still));
    const end = Math.sqrt(3 / 2);
    expect(y).toEqual(close([-end, 0, end, -end, 0, end]));
  });

  // The example of Keras' page of the layer: rows [0, 10], [20, 30] …, mean 5, variance 25, epsilon 1e-3, give ∓0.99998.
  test('the default epsilon is that of Keras', () => {
    const layer = built(layerNormalization(), [2]);
    const y = valuesOf(layer.call([tensor([0, 10, 20, 30], [2, 2])], still));
    const end = 5 / Math.sqrt(25.001);
    expect(y).toEqual(close([-end, end, -end, end]));
    expect(end.toFixed(5)).toBe('0.99998');
  });

  test('gamma scales, beta shifts', () => {
    const layer = built(layerNormalization({ epsilon: 0, name: 'norm' }), [2]);
    const [gamma, beta] = layer.weights;
    expect(layer.weights.map(({ variable, shape }) => [variable.name, variable.role, shape])).toEqual([
      ['norm/gamma', 'parameter', [2]],
      ['norm/beta', 'parameter', [2]],
    ]);
    const feeds = new Map([
      [gamma!, [2, 3]],
      [beta!, [10, 20]],
    ]);
    expect(valuesOf(layer.call([tensor([4, 6], [1, 2])], still), feeds)).toEqual(close([8, 23]));
  });

  test('is the same while training', () => {
    const layer = built(layerNormalization(), [3]);
    const x = tensor([1, 2, 4], [1, 3]);
    expect(valuesOf(layer.call([x], context(true)))).toEqual(valuesOf(layer.call([x], still)));
  });

  test('over several axes, and over one that is not the last', () => {
    const x = tensor([1, 5, 3, 7, 2, 2, 6, 6], [2, 2, 2]);
    const whole = built(layerNormalization({ axis: [1, 2], epsilon: 0 }), [2, 2]);
    expect(whole.weights.map(({ shape }) => shape)).toEqual([
      [2, 2],
      [2, 2],
    ]);
    const far = 3 / Math.sqrt(5);
    const near = 1 / Math.sqrt(5);
    expect(valuesOf(whole.call([x], still))).toEqual(close([-far, near, -near, far, -1, -1, 1, 1]));
    const down = built(layerNormalization({ axis: 1, epsilon: 0 }), [2, 2]);
    expect(valuesOf(down.call([x], still))).toEqual(close([-1, -1, 1, 1, -1, -1, 1, 1]));
    expect(down.outputShape([[2, 2]])).toEqual([2, 2]);
  });

  test('without gamma or beta there is none', () => {
    const names = (layer: Layer): string[] => built(layer, [2]).weights.map(({ variable }) => variable.name);
    expect(names(layerNormalization({ scale: false }))).toEqual(['layerNormalization/beta']);
    expect(names(layerNormalization({ center: false }))).toEqual(['layerNormalization/gamma']);
    const bare = built(layerNormalization({ scale: false, center: false, epsilon: 0 }), [2]);
    expect(bare.weights).toEqual([]);
    expect(valuesOf(bare.call([tensor([4, 6], [1, 2])], still))).toEqual(close([-1, 1]));
  });

  test('takes whole numbers too', () => {
    const layer = built(layerNormalization({ epsilon: 0 }), [2]);
    expect(valuesOf(layer.call([integers([4, 6], [1, 2])], still))).toEqual(close([-1, 1]));
  });
});

describe('training', () => {
  test('gradients with respect to input, gamma and beta', () => {
    const layer = built(layerNormalization({ axis: [1, 2], gammaInitializer: 'randomNormal' }), [2, 3]);
    const input = built(dense({ units: 3, kernelInitializer: 'randomNormal' }), [2, 3]);
    const [gamma, beta] = layer.weights;
    const [kernel] = input.weights;
    const x = tensor([1, -2, 3, 0.5, 2, -1, 0.3, 0.2, 0.1, -3, 1, 2], [2, 2, 3]);
    const weights = tensor(
      Array.from({ length: 12 }, (_, index) => Math.sin(index + 1)),
      [2, 2, 3],
    );
    const loss = sum(mul(layer.call([input.call([x], still)], still), weights));
    const wrt = [kernel!, gamma!, beta!];
    const feeds = new Map(
      [...input.weights, ...layer.weights].map((weight) => {
        return [weight, Float64Array.from(weight.variable.initialize!())] as const;
      }),
    );
    gradients(loss, wrt).forEach((slope, index) => {
      const values = Float64Array.from(valuesOf(slope, feeds));
      expect(disagreement(values, centralDifferences(loss, wrt[index]!, feeds))).toBeUndefined();
    });
  });

  test('penalties', () => {
    const options = { betaInitializer: 'ones', gammaRegularizer: l2({ l2: 0.5 }), betaRegularizer: 'l1' } as const;
    const layer = built(layerNormalization(options), [3]);
    expect(layer.penalties().map((penalty) => valuesOf(penalty)[0])).toEqual([1.5, expect.closeTo(0.03, 12)]);
    expect(built(layerNormalization({ ...options, scale: false, center: false }), [3]).penalties()).toEqual([]);
  });

  test('a model with it learns on WebAssembly, says what it is made of, and comes back from a file', async () => {
    const engine = new Engine(await WasmBackend.create());
    const { x, y } = blobs(200);
    const layers = [dense({ units: 8, inputShape: [2] }), layerNormalization({ name: 'norm' }), dense({ units: 3 })];
    const model = sequential(layers, { engine, seed: 3 });
    model.compile({
      optimizer: adam({ learningRate: 0.02 }),
      loss: 'sparseCategoricalCrossentropyFromLogits',
      metrics: ['sparseCategoricalAccuracy'],
    });
    const { history } = await model.fit(x, y, { epochs: 8, batchSize: 20 });
    expect(history['sparseCategoricalAccuracy']!.at(-1)).toBeGreaterThan(0.95);
    expect(model.summary()).toMatch(/norm.*layerNormalization.*16/);
    const copy = loadModel(await model.save(), { layers: layerRegistry, engine });
    expect(await copy.predict(x)).toEqual(await model.predict(x));
    engine.dispose();
  });
});

test('errors', () => {
  const wrong = [
    () => layerNormalization({ axis: 0 }),
    () => layerNormalization({ axis: [1, 0], name: 'norm' }),
    () => layerNormalization({ axis: [] }),
    () => layerNormalization({ axis: '1' as never }),
    () => layerNormalization({ axis: 1.5 }),
    () => layerNormalization({ epsilon: -1e-3 }),
    () => layerNormalization({ epsilon: 'small' as never }),
    () => layerNormalization({ center: 1 as never }),
    () => layerNormalization({ scale: null as never }),
    () => layerNormalization({ gammaInitializer: 'one' as never }),
    () => layerNormalization({ betaRegularizer: 'l3' as never }),
    () => layerNormalization({ axis: 3 }).outputShape([[2, 3]]),
    () => layerNormalization({ axis: [1, -1] }).outputShape([[2]]),
    () => layerNormalization({ axis: [1, -3] }).outputShape([[2, 3]]),
    () => layerNormalization().outputShape([[]]),
    () => layerNormalization().outputShape([[2], [2]]),
    () => built(layerNormalization(), [4]).call([tensor([1, 2, 3], [1, 3])], still),
  ];
  expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
    "ValueError: layerNormalization: axis must be an integer other than 0, the batch axis, or an array of such integers, not 0
    ValueError: norm: axis must be an integer other than 0, the batch axis, or an array of such integers, not [1, 0]
    ValueError: layerNormalization: axis must be an integer other than 0, the batch axis, or an array of such integers, not []
    ValueError: layerNormalization: axis must be an integer other than 0, the batch axis, or an array of such integers, not '1'
    ValueError: layerNormalization: axis must be an integer other than 0, the batch axis, or an array of such integers, not 1.5
    ValueError: layerNormalization: epsilon must be a finite number ≥ 0, not -0.001
    ValueError: layerNormalization: epsilon must be a finite number ≥ 0, not 'small'
    ValueError: layerNormalization: center must be true or false, not 1
    ValueError: layerNormalization: scale must be true or false, not null
    ValueError: initializer: there is no 'one'; did you mean 'ones'?
    ValueError: regularizer: there is no 'l3'; did you mean 'l1'?
    ShapeError: layerNormalization: axis 3 does not exist in a tensor of rank 3: use -3 … 2
    ShapeError: layerNormalization: axis 1 is given twice
    ShapeError: layerNormalization: axis [1,-3] of [batch, 2, 3] is the batch axis: use 1 … 2
    ShapeError: layerNormalization: a sample must have features, not shape []: make it [1]
    ShapeError: layerNormalization: takes one input, not 2: join them first with concatenate() or add()
    ShapeError: layerNormalization: expects [4] along axis -1, got [batch, 3]"
  `);
});
