/** Error messages for user mistakes say what was given, what was expected and how to fix it. */
import { describe, expect, it } from 'vitest';
import { dense } from '../../src/nn/layers/dense.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { inputLayer } from '../../src/nn/layers/input.ts';
import { exponentialDecay } from '../../src/optim/schedules.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { HostTensor, tensor } from '../../src/data/tensor.ts';
import { model as functional, sequential } from '../../src/model/make-model.ts';
import type { CompileOptions } from '../../src/model/compile-options.ts';
import type { Model } from '../../src/model/model.ts';
import { blobs, classifier, referenceEngine, rejection, thrown } from '../support/models.ts';

const engine = referenceEngine();
const { x, y } = blobs(10);
const make = (): Model => classifier({ engine });

describe('features', () => {
  it('of another shape', async () => {
    expect(await rejection(make().fit(tensor(new Float32Array(30), [10, 3]), y))).toMatchInlineSnapshot(
      `"ShapeError: fit: x has shape [10, 3], expected [samples, 2]: check the data, or the inputShape of the first layer"`,
    );
    expect(await rejection(make().fit(new Float32Array(20), y))).toMatchInlineSnapshot(
      `"ShapeError: fit: x has shape [20], expected [samples, 2]: give the values their shape, tensor(values, [10, 2])"`,
    );
    expect(await rejection(make().fit(tensor(new Float32Array(20), [10, 2, 1]), y))).toMatchInlineSnapshot(
      `"ShapeError: fit: x has shape [10, 2, 1], expected [samples, 2]: the sizes agree: reshape the data to [samples, 2]"`,
    );
    expect(await rejection(make().predict(tensor([1, 2])))).toMatchInlineSnapshot(
      `"ShapeError: predict: x has shape [2], expected [samples, 2]: a single sample needs an axis of 1 in front"`,
    );
  });

  it('without samples', async () => {
    expect(await rejection(make().fit(tensor(new Float32Array(0), [0, 2]), y))).toMatchInlineSnapshot(
      `"ValueError: fit: x has no samples: give at least one"`,
    );
  });

  it('that are not finite', async () => {
    const features = x.data.slice();
    features[7] = NaN;
    expect(await rejection(make().fit(tensor(features, [10, 2]), y))).toMatchInlineSnapshot(
      `"ValueError: fit: x holds NaN in sample 3 at [1]: clean the data first, for example replace missing values by the column's mean"`,
    );
    features[7] = -Infinity;
    expect(await rejection(make().predict(tensor(features, [10, 2])))).toMatchInlineSnapshot(
      `"ValueError: predict: x holds -Infinity in sample 3 at [1]: clean the data first, for example replace missing values by the column's mean"`,
    );
  });

  it('that are no arrays', async () => {
    expect(await rejection(make().predict('digits' as never))).toMatchInlineSnapshot(
      `"DTypeError: data: takes tensors, typed arrays or arrays of numbers, not 'digits'"`,
    );
    expect(thrown(() => tensor([[1, 2], [3]]))).toMatchInlineSnapshot(
      `"ShapeError: tensor: values[1] has 1 elements, expected 2 elements: all rows must be of one length"`,
    );
    expect(thrown(() => tensor([[1, 2], ['3']] as never))).toMatchInlineSnapshot(
      `"ShapeError: tensor: values[1] has 1 elements, expected 2 elements: all rows must be of one length"`,
    );
    expect(thrown(() => tensor([1, 2, 3], [2, 2]))).toMatchInlineSnapshot(
      `"ShapeError: tensor: 3 values do not fill shape [2, 2]: it takes 4"`,
    );
    expect(thrown(() => tensor([1, 2.5], [2], 'int32'))).toMatchInlineSnapshot(
      `"DTypeError: tensor: value 2.5 at index 1 does not fit int32: use whole numbers in its range"`,
    );
  });
});

describe('labels', () => {
  it('of another count or shape', async () => {
    expect(await rejection(make().fit(x, tensor(new Int32Array(9))))).toMatchInlineSnapshot(
      `"ShapeError: fit: x has 10 samples and y has 9: give one label for each sample"`,
    );
    expect(await rejection(make().fit(x, tensor(new Float32Array(30), [10, 3])))).toMatchInlineSnapshot(
      `"ShapeError: fit: sparseCategoricalCrossentropy: labels [10, 3] do not fit predictions [10, 3]: use categoricalCrossentropy for one-hot labels"`,
    );
  });

  it('outside the classes', async () => {
    const labels = y.data.slice();
    labels[4] = 3;
    expect(await rejection(make().fit(x, tensor(labels)))).toMatchInlineSnapshot(
      `"ValueError: fit: y holds 3 in sample 4, expected a class number from 0 to 2: number the classes from 0, or end the model with as many units as there are classes"`,
    );
    expect(await rejection(make().evaluate(x, tensor(y.data.map((label) => label - 1))))).toMatchInlineSnapshot(
      `"ValueError: evaluate: y holds -1 in sample 0, expected a class number from 0 to 2: number the classes from 0, or end the model with as many units as there are classes"`,
    );
    expect(await rejection(make().fit(x, tensor([0, 1, 2, 0.5, 1, 2, 0, 1, 2, 0])))).toMatchInlineSnapshot(
      `"ValueError: fit: y holds 0.5 in sample 3, expected a class number from 0 to 2: number the classes from 0, or end the model with as many units as there are classes"`,
    );
  });

  it('outside [0, 1] for a cross-entropy of probabilities', async () => {
    const model = sequential([dense({ units: 1, activation: 'sigmoid', inputShape: [2] })], { engine });
    model.compile({ loss: 'binaryCrossentropy' });
    expect(await rejection(model.fit(x, y))).toMatchInlineSnapshot(
      `"ValueError: fit: y holds 2 in sample 2, expected values from 0 to 1 for binaryCrossentropy: use labels 0 and 1"`,
    );
  });

  it('for which the loss gives no value each', async () => {
    const model = sequential([dense({ units: 1, inputShape: [2] })], { engine });
    model.compile({ loss: (_labels, predictions) => predictions });
    expect(await rejection(model.fit(x, y))).toMatchInlineSnapshot(
      `"ShapeError: fit: the loss gives [10, 1] for a batch of 10, expected [10]: a loss must give one value for each sample: take the mean over the other axes"`,
    );
  });
});

describe('options', () => {
  it.each([
    ['a batch larger than the data', { batchSize: 11 }],
    ['a batch that is none', { batchSize: 0 }],
    ['epochs that are none', { epochs: 1.5 }],
    ['epochs before the first', { epochs: 3, initialEpoch: 3 }],
    ['a split that is none', { validationSplit: 1 }],
    ['a split that leaves nothing', { validationSplit: 0.99 }],
    ['validation data that are no pair', { validationData: x as never }],
    ['validation data that do not fit', { validationData: [x, tensor([1])] as const }],
  ])('%s', async (name, options) => {
    const message = await rejection(make().fit(x, y, options));
    expect({ [name]: message }).toMatchSnapshot();
  });

  it('names that do not exist suggest those that do', () => {
    const compile = (options: object): string =>
      thrown(() => make().compile({ loss: 'meanSquaredError', ...options } as CompileOptions));
    expect(compile({ optimizer: 'adan' })).toMatchInlineSnapshot(
      `"ValueError: optimizer: there is no 'adan'; did you mean 'adam'?"`,
    );
    expect(compile({ loss: 'meanSquareError' })).toMatchInlineSnapshot(
      `"ValueError: loss: there is no 'meanSquareError'; did you mean 'meanSquaredError'?"`,
    );
    expect(compile({ metrics: ['acuracy'] })).toMatchInlineSnapshot(
      `"ValueError: metric: there is no 'acuracy'; did you mean 'accuracy'?"`,
    );
    expect(compile({ metrics: 'accuracy' })).toMatchInlineSnapshot(
      `"ValueError: compile: metrics must be an array, such as ['accuracy'], not 'accuracy'"`,
    );
    expect(compile({ metrics: ['accuracy', 'accuracy'] })).toMatchInlineSnapshot(
      `"ValueError: compile: two results would be named 'accuracy': remove one of the metrics"`,
    );
  });
});

describe('layers', () => {
  it('that do not fit each other', () => {
    const shared = dense({ units: 2 });
    expect(thrown(() => sequential([shared, shared]))).toMatchInlineSnapshot(
      `"ValueError: sequential: layer 'dense' is listed twice: create two, or use model() to share one"`,
    );
    expect(
      thrown(() => sequential([dense({ units: 2, name: 'a' }), dense({ units: 2, name: 'a' })])),
    ).toMatchInlineSnapshot(`"ValueError: model: two layers are named 'a': give each a name of its own"`);
    expect(thrown(() => sequential(dense({ units: 2 }) as never))).toMatch(
      /^ValueError: sequential: layers must be an array of layers, such as \[dense\(\{ units: 10 \}\)\], not an object with /,
    );
    expect(thrown(() => sequential([dense({ units: 2, inputShape: [2] })], { seed: 0.5 }))).toMatchInlineSnapshot(
      `"ValueError: sequential: seed must be an integer, not 0.5"`,
    );
  });

  it('that are not joined to the inputs', () => {
    const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })];
    const out = dense({ units: 1 }).apply(a);
    expect(thrown(() => functional({ inputs: b, outputs: out }))).toMatchInlineSnapshot(
      `"ValueError: model: the outputs need 'a' of shape [2], which is not among the inputs: list every input() that the outputs are made from"`,
    );
    expect(thrown(() => functional({ inputs: [a, b], outputs: out }))).toMatchInlineSnapshot(
      `"ValueError: model: input 1 feeds no output: leave it out, or make the outputs from it"`,
    );
    expect(thrown(() => functional({ inputs: a, outputs: [out, out] as never }))).toMatchInlineSnapshot(
      `"ValueError: model: takes one output, not 2: make a model for each, they share layers"`,
    );
  });

  it('that are none', async () => {
    expect(await rejection(sequential([], { engine }).predict(x))).toMatchInlineSnapshot(
      `"StateError: build: 'sequential' has no layers: give sequential() at least one"`,
    );
  });
});

describe('calls at the wrong time', () => {
  it('before compile and before build', async () => {
    const model = sequential([dense({ units: 3 })], { engine });
    expect(await rejection(model.fit(x, y))).toMatchInlineSnapshot(
      `"StateError: fit: 'sequential' is not compiled: call compile({ optimizer: 'adam', loss: …, metrics: ['accuracy'] }) first"`,
    );
    expect(await rejection(model.getWeights())).toMatchInlineSnapshot(
      `"StateError: getWeights: 'sequential' has no weights yet: give the first layer an inputShape, or call build() or fit() first"`,
    );
    expect(thrown(() => model.summary())).toMatchInlineSnapshot(
      `"StateError: summary: 'sequential' has no weights yet: give the first layer an inputShape, or call build() or fit() first"`,
    );
    expect(thrown(() => model.learningRate)).toMatchInlineSnapshot(
      `"StateError: learningRate: 'sequential' is not compiled: call compile({ optimizer: 'adam', loss: …, metrics: ['accuracy'] }) first"`,
    );
    model.build([2]);
    expect(thrown(() => model.build([3]))).toMatchInlineSnapshot(
      `"ShapeError: build: 'sequential' was built for samples of shape [2], not [3]"`,
    );
  });

  it('while training', async () => {
    const model = make();
    const running = model.fit(x, y, { epochs: 3 });
    expect(await rejection(model.fit(x, y))).toMatchInlineSnapshot(
      `"StateError: fit: 'sequential' is busy with fit: await it first, or set stopTraining and await it"`,
    );
    expect(await rejection(model.trainOnBatch(x, y))).toMatchInlineSnapshot(
      `"StateError: trainOnBatch: 'sequential' is busy with fit: await it first, or set stopTraining and await it"`,
    );
    expect(thrown(() => model.compile({ loss: 'mse' }))).toMatchInlineSnapshot(
      `"StateError: compile: 'sequential' is busy with fit: await it first, or set stopTraining and await it"`,
    );
    expect(thrown(() => model.dispose())).toMatchInlineSnapshot(
      `"StateError: dispose: 'sequential' is busy with fit: await it first, or set stopTraining and await it"`,
    );
    expect((await running).epoch).toEqual([0, 1, 2]);
    expect((await model.fit(x, y)).epoch).toEqual([0]);
  });

  it('after dispose', async () => {
    const model = make();
    model.dispose();
    model.dispose();
    expect(await rejection(model.predict(x))).toMatchInlineSnapshot(
      `"StateError: predict: 'sequential' was disposed: create another model"`,
    );
  });

  it('of a rate that a schedule decides', () => {
    const model = make();
    const learningRate = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 10, decayRate: 0.5 });
    model.compile({ optimizer: sgd({ learningRate }), loss: 'mse' });
    expect(model.learningRate).toBe(0.5);
    expect(thrown(() => (model.learningRate = 1))).toMatchInlineSnapshot(
      `"StateError: learningRate: the schedule 'exponentialDecay' sets it: pass a number to the optimizer instead"`,
    );
  });

  it('for weights of other shapes, which are left as they were', async () => {
    const model = make();
    const weights = await model.getWeights();
    expect(thrown(() => model.setWeights(weights.slice(1)))).toMatchInlineSnapshot(
      `"ShapeError: setWeights: 'sequential' has 4 weights, not 3"`,
    );
    const wrong = [...weights.slice(0, 3), new HostTensor(new Float32Array(4), [4])];
    expect(thrown(() => model.setWeights(wrong))).toMatchInlineSnapshot(
      `"ShapeError: setWeights: 'dense_1/bias' is float32 [3], not float32 [4]"`,
    );
    expect(await model.getWeights()).toEqual(weights);
  });

  it('for layers that live on another engine', async () => {
    const first = make();
    await first.fit(x, y);
    const second = sequential([...first.layers], { engine: referenceEngine() });
    expect(await rejection(second.predict(x))).toMatchInlineSnapshot(
      `"StateError: model: 'dense/kernel' lives on another engine: give its models the engine on which you use it, or copy the weights with getWeights() and setWeights()"`,
    );
  });

  it('lets an explicit input layer be the first', async () => {
    const model = sequential([inputLayer({ shape: [2] }), dense({ units: 3 })], { engine, seed: 1 });
    expect((await model.predict(x)).shape).toEqual([10, 3]);
  });
});
