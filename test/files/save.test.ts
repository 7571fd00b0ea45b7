/** Saving and loading models: predictions are the same, and training resumes exactly. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import type { Engine } from '../../src/engine.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import { add } from '../../src/nn/layers/add.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { adam } from '../../src/optim/adam.ts';
import { cosineDecay, exponentialDecay, linearWarmup, piecewiseConstant } from '../../src/optim/schedules.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { tensor } from '../../src/data/tensor.ts';
import { loadModel, loadWeights } from '../../src/files/load.ts';
import { model as functional, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { save, saveWeights } from '../../src/files/save.ts';
import {
  allWeights,
  blobs,
  classifier,
  lossRecorder,
  engines,
  referenceEngine,
  rejection,
  thrown,
  wasmEngine,
} from '../support/models.ts';

const { x, y } = blobs(50);

/** Dropout, a schedule and a frozen layer: everything whose state must resume. */
function demanding(engine: Engine): Model {
  const model = sequential(
    [
      dense({ units: 6, activation: 'relu', inputShape: [2], trainable: false }),
      dropout({ rate: 0.4 }),
      dense({ units: 6, activation: 'gelu', kernelRegularizer: { name: 'l2', config: { l2: 0.01 } } }),
      dense({ units: 3, activation: 'softmax' }),
    ],
    { engine, seed: 3, name: 'demanding' },
  );
  const learningRate = cosineDecay({ initialLearningRate: 0.05, decaySteps: 60 });
  model.compile({ optimizer: adam({ learningRate }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Two inputs, a shared layer and a skip connection. */
function branching(engine: Engine): Model {
  const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })];
  const shared = dense({ units: 4, activation: 'tanh' });
  const [left, right] = [shared.apply(a), shared.apply(b)];
  const joined = add().apply([left, dense({ units: 4 }).apply(right), right]);
  return functional({
    inputs: [a, b],
    outputs: dense({ units: 3, activation: 'softmax' }).apply(joined),
    engine,
    seed: 4,
  });
}

const layers = layerRegistry;

// Not on the reference backend, which stores float64: files store float32.
describe.each([['wasm', wasmEngine]] as const)('a saved model on %s', (_, createEngine) => {
  it('predicts the same bits', async () => {
    const model = classifier({ engine: await createEngine() });
    await model.fit(x, y, { epochs: 2 });
    const loaded = loadModel(await save(model), { layers, engine: await createEngine() });
    expect((await loaded.predict(x)).data).toEqual((await model.predict(x)).data);
    expect(loaded.summary()).toBe(model.summary());
    expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
  });

  it('is the same by the method as by the function', async () => {
    const model = classifier({ engine: await createEngine() });
    expect(await model.save()).toEqual(await save(model));
    expect(await model.save({ includeOptimizer: false })).toEqual(await save(model, { includeOptimizer: false }));
  });

  it('goes on training: N + N steps are 2N steps, bit by bit', async () => {
    const options = { batchSize: 16, validationSplit: 0.1 };
    const whole = demanding(await createEngine());
    const expected = lossRecorder();
    await whole.fit(x, y, { ...options, epochs: 6, callbacks: expected });

    const first = demanding(await createEngine());
    const given = lossRecorder();
    await first.fit(x, y, { ...options, epochs: 3, callbacks: given });
    const second = loadModel(await save(first), { layers, engine: await createEngine() });
    expect(second.learningRate).toBe(first.learningRate);
    await second.fit(x, y, { ...options, epochs: 6, initialEpoch: 3, callbacks: given });
    expect(given.losses).toEqual(expected.losses);
    expect(await allWeights(second)).toEqual(await allWeights(whole));
  });

  it('may be a graph of layers with several inputs', async () => {
    const model = branching(await createEngine());
    const other = blobs(50, 3, 8).x;
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
    await model.fit([x, other], y);
    const file = await save(model);
    const loaded = loadModel(file, { layers, engine: await createEngine() });
    expect((await loaded.predict([x, other])).data).toEqual((await model.predict([x, other])).data);
    expect(await save(loaded)).toEqual(file);
    expect(model.summary()).toMatchInlineSnapshot(`
      "Model: 'model'
      ────────────────────────────────────────────────────────────
      Layer (type)     Output shape  Params  Connected to
      ────────────────────────────────────────────────────────────
      a (input)        [batch, 2]         0
      dense (dense)    [batch, 4]        12  a
      b (input)        [batch, 2]         0
      dense (dense)    [batch, 4]         0  b
      dense_1 (dense)  [batch, 4]        20  dense
      add (add)        [batch, 4]         0  dense, dense_1, dense
      dense_2 (dense)  [batch, 3]        15  add
      ────────────────────────────────────────────────────────────
      Total params: 47 (188 B)
      Trainable params: 47
      Non-trainable params: 0"
    `);
  });

  it('keeps a learning rate that was changed', async () => {
    const model = classifier({ engine: await createEngine() });
    model.learningRate = 0.25;
    await model.fit(x, y);
    const loaded = loadModel(await save(model), { layers, engine: await createEngine() });
    expect(loaded.learningRate).toBe(0.25);
    await model.fit(x, y);
    await loaded.fit(x, y);
    expect(await allWeights(loaded)).toEqual(await allWeights(model));
  });
});

const schedules = [
  cosineDecay({ initialLearningRate: 0.1, decaySteps: 5, alpha: 1 / 3 }),
  exponentialDecay({ initialLearningRate: 1 / 3, decaySteps: 3, decayRate: 0.7 }),
  piecewiseConstant({ boundaries: [2, 4], values: [0.1, 1 / 3, 1e-3] }),
  linearWarmup({ warmupSteps: 4, after: 0.1 }),
].map((schedule) => [schedule.name, schedule] as const);

describe('the learning rate after loading is exactly the one saved', () => {
  const start = Math.fround(0.1);
  const rates = [0, 0.1, 1 / 3, start, start * (1 + Number.EPSILON), 1e-3, 2 ** -149, 1e-50, Number.MIN_VALUE, 12.7];
  const reloaded = async (model: Model): Promise<Model> =>
    loadModel(await save(model), { layers, engine: referenceEngine() });

  it.each(rates)('%d, set by hand, before and after training', async (rate) => {
    const model = classifier({ engine: referenceEngine() });
    model.learningRate = rate;
    expect((await reloaded(model)).learningRate).toBe(rate);
    await model.fit(x, y);
    const loaded = await reloaded(model);
    expect(loaded.learningRate).toBe(rate);
    // A second round trip, and a model compiled with another rate that rounds to the same float32.
    expect((await reloaded(loaded)).learningRate).toBe(rate);
    expect(await save(loaded)).toEqual(await save(model));
  });

  it.each(rates)('%d, given to the optimizer', async (learningRate) => {
    const model = classifier({ engine: referenceEngine() });
    model.compile({ optimizer: adam({ learningRate }), loss: 'sparseCategoricalCrossentropy' });
    expect((await reloaded(model)).learningRate).toBe(learningRate);
  });

  it.each(schedules)('of a schedule: %s', async (_, learningRate) => {
    const model = classifier({ engine: referenceEngine() });
    model.compile({ optimizer: sgd({ learningRate }), loss: 'sparseCategoricalCrossentropy' });
    for (let step = 0; step < 7; step++) {
      const loaded = await reloaded(model);
      expect(loaded.learningRate).toBe(learningRate.valueAt(step));
      expect(loaded.learningRate).toBe(model.learningRate);
      await model.trainOnBatch(x, y);
    }
  });
});

describe('what a file holds', () => {
  it('is one safetensors file that other programs read', async () => {
    const { tensors, metadata } = decodeSafetensors(await save(classifier({ engine: referenceEngine() })));
    expect([...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape.join(', ')}]`))
      .toMatchInlineSnapshot(`
      [
        "dense/kernel float32 [2, 16]",
        "dense/bias float32 [16]",
        "dense_1/kernel float32 [16, 3]",
        "dense_1/bias float32 [3]",
        "optimizer/0/iterations int32 []",
        "optimizer/1/learningRate float32 []",
        "optimizer/2/mean float32 [2, 16]",
        "optimizer/3/meanSquare float32 [2, 16]",
        "optimizer/4/mean float32 [16]",
        "optimizer/5/meanSquare float32 [16]",
        "optimizer/6/mean float32 [16, 3]",
        "optimizer/7/meanSquare float32 [16, 3]",
        "optimizer/8/mean float32 [3]",
        "optimizer/9/meanSquare float32 [3]",
      ]
    `);
    expect(JSON.parse(metadata.get('gradlet')!)).toMatchInlineSnapshot(`
      {
        "format": "gradlet-model",
        "graph": null,
        "inputShape": [
          2,
        ],
        "layers": [
          {
            "config": {
              "activation": "tanh",
              "biasInitializer": {
                "config": {},
                "name": "zeros",
              },
              "inputShape": [
                2,
              ],
              "kernelInitializer": {
                "config": {},
                "name": "glorotUniform",
              },
              "units": 16,
              "useBias": true,
            },
            "kind": "dense",
          },
          {
            "config": {
              "activation": "softmax",
              "biasInitializer": {
                "config": {},
                "name": "zeros",
              },
              "kernelInitializer": {
                "config": {},
                "name": "glorotUniform",
              },
              "units": 3,
              "useBias": true,
            },
            "kind": "dense",
          },
        ],
        "name": "sequential",
        "seed": 1,
        "training": {
          "loss": "sparseCategoricalCrossentropy",
          "metrics": [
            "accuracy",
          ],
          "optimizer": {
            "config": {
              "amsgrad": false,
              "beta1": 0.9,
              "beta2": 0.999,
              "epsilon": 1e-7,
              "learningRate": 0.01,
            },
            "name": "adam",
          },
          "trainedLayers": [
            0,
            1,
          ],
        },
        "version": 1,
      }
    `);
  });

  it('may be the weights alone', async () => {
    const model = classifier({ engine: referenceEngine() });
    const other = classifier({ engine: referenceEngine(), seed: 2 });
    loadWeights(other, await saveWeights(model));
    expect(await allWeights(other)).toEqual(await allWeights(model));
    const smaller = classifier({ engine: referenceEngine() }, 2);
    const before = await allWeights(smaller);
    const file = await saveWeights(model);
    expect(thrown(() => loadWeights(smaller, file))).toMatchInlineSnapshot(
      `"FormatError: model file: tensor 'dense_1/kernel' is float32 [16, 3], expected float32 [16, 2]"`,
    );
    expect(await allWeights(smaller)).toEqual(before);
    expect(thrown(() => loadModel(file, { layers }))).toMatchInlineSnapshot(
      `"FormatError: model file: it contains tensors but no model: create the model in code and use loadWeights()"`,
    );
  });

  it('may do without the optimizer, or cannot have its own loss', async () => {
    const model = classifier({ engine: referenceEngine() });
    const loaded = loadModel(await save(model, { includeOptimizer: false }), { layers, engine: referenceEngine() });
    expect(await rejection(loaded.fit(x, y))).toContain('is not compiled');
    model.compile({ loss: (labels, predictions) => (void labels, predictions) });
    expect(decodeSafetensors(await save(model)).tensors.size).toBe(4);
  });

  it('has no place for functions of a user', async () => {
    const model = sequential([dense({ units: 1, activation: (node) => node, inputShape: [2] })], {
      engine: referenceEngine(),
    });
    expect(await rejection(save(model))).toMatchInlineSnapshot(
      `"ValueError: activation: a function of your own cannot be saved: use a name, or save the weights alone"`,
    );
    expect(decodeSafetensors(await saveWeights(model)).tensors.size).toBe(2);
  });
});

describe('a file from a stranger', () => {
  /** The classifier's file with a modified architecture. */
  const changed = async (change: (architecture: Record<string, never>) => unknown): Promise<string> => {
    const { tensors, metadata } = decodeSafetensors(await save(classifier({ engine: referenceEngine() })));
    const architecture = JSON.parse(metadata.get('gradlet')!) as Record<string, never>;
    change(architecture);
    const file = encodeSafetensors(tensors, new Map([['gradlet', JSON.stringify(architecture)]]));
    return thrown(() => loadModel(file, { layers }));
  };
  type Fields = Record<string, unknown>;
  const layer = (architecture: Fields, index: number): { kind: unknown; config: Fields } =>
    (architecture['layers'] as { kind: unknown; config: Fields }[])[index]!;

  it.each<[string, (architecture: Fields) => unknown]>([
    ['of another format', (a) => (a['format'] = 'keras')],
    ['of a later version', (a) => (a['version'] = 2)],
    ['without a name', (a) => delete a['name']],
    ['with a seed that is none', (a) => (a['seed'] = 'x')],
    ['with an unknown layer', (a) => (layer(a, 0).kind = 'constructor')],
    ['with a layer that is not registered', (a) => (layer(a, 1).kind = 'dens')],
    ['with a bad setting', (a) => (layer(a, 0).config['units'] = -1)],
    ['with a setting of another type', (a) => (layer(a, 0).config['kernelInitializer'] = 5)],
    ['with an unknown activation', (a) => (layer(a, 0).config['activation'] = 'toString')],
    ['with settings that are none', (a) => (layer(a, 0).config = [] as never)],
    ['with a huge layer', (a) => (layer(a, 1).config['units'] = 2 ** 40)],
    ['with weights of another shape', (a) => (layer(a, 1).config['units'] = 4)],
    ['with weights left over', (a) => (layer(a, 1).config['useBias'] = false)],
    ['without an input shape', (a) => (a['inputShape'] = null)],
    ['with an input shape that is none', (a) => (a['inputShape'] = [-1])],
    ['with two layers of one name', (a) => (layer(a, 0).config['name'] = layer(a, 1).config['name'] = 'dense')],
    ['with an unknown optimizer', (a) => ((a['training'] as { optimizer: Fields }).optimizer['name'] = 'valueOf')],
    ['with an unknown loss', (a) => ((a['training'] as Fields)['loss'] = '__proto__')],
    ['with metrics that are none', (a) => ((a['training'] as Fields)['metrics'] = 'accuracy')],
    [
      'with a graph that goes in a circle',
      (a) => (a['graph'] = { calls: [{ layer: 0, inputs: [0] }], inputs: [], output: 0 }),
    ],
    ['with a graph that points nowhere', (a) => (a['graph'] = { calls: [], inputs: [3], output: 9 })],
    ['without training but with its state', (a) => (a['training'] = null)],
  ])('%s is refused', async (name, change) => {
    const message = await changed(change);
    expect({ [name]: message }).toMatchSnapshot();
    expect(message).toMatch(/^FormatError: /);
  });

  it('is refused or read, whatever a field is replaced by', async () => {
    const { tensors, metadata } = decodeSafetensors(await save(classifier({ engine: referenceEngine() })));
    const text = metadata.get('gradlet')!;
    const values = text.match(/(?<=[:[,])("[^"]*"|-?[0-9.]+|true|null)/g)!;
    const replacement = fc.oneof(
      fc.json({ maxDepth: 2 }),
      fc.constantFrom('null', '-1', '1e999', '"__proto__"', '[[]]', '{"__proto__":1}', '2147483647'),
    );
    fc.assert(
      fc.property(fc.nat(values.length - 1), replacement, (index, json) => {
        let seen = -1;
        const architecture = text.replaceAll(/(?<=[:[,])("[^"]*"|-?[0-9.]+|true|null)/g, (old) =>
          ++seen === index ? json : old,
        );
        try {
          loadModel(encodeSafetensors(tensors, new Map([['gradlet', architecture]])), { layers });
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

it('tensors of a loop of one’s own are saved by name', () => {
  const file = encodeSafetensors(new Map([['w', tensor([[1, 2]])]]));
  expect(decodeSafetensors(file).tensors.get('w')!.toArray()).toEqual([[1, 2]]);
});

describe.each(engines)('a file on %s', (_, create) => {
  it('may hold tensors without elements', async () => {
    const model = sequential(
      [dense({ units: 2, inputShape: [0], biasInitializer: 'ones' }), dense({ units: 1, kernelInitializer: 'ones' })],
      { engine: await create() },
    );
    model.compile({ optimizer: adam({ learningRate: 0.5 }), loss: 'mse' });
    const nothing = tensor(new Float32Array(0), [3, 0]);
    expect([...(await model.predict(nothing)).data]).toEqual([2, 2, 2]);
    await model.fit(nothing, tensor([[1], [2], [3]]), { epochs: 2 });
    const file = await model.save();
    expect(decodeSafetensors(file).tensors.get('dense/kernel')!.shape).toEqual([0, 2]);
    const loaded = loadModel(file, { layers: layerRegistry, engine: await create() });
    expect((await loaded.predict(nothing)).data).toEqual((await model.predict(nothing)).data);
    expect(await loaded.save()).toEqual(file);
    const weights = await saveWeights(model);
    loadWeights(loaded, weights);
    expect(await saveWeights(loaded)).toEqual(weights);
  });

  it.each([true, false])(
    'goes on with the layers that were trained, where trainable was %s at compile',
    async (trained) => {
      const model = sequential([dense({ units: 3, inputShape: [2], trainable: trained }), dense({ units: 3 })], {
        engine: await create(),
        seed: 1,
      });
      model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'mse' });
      model.layers[0]!.trainable = !trained; // takes effect at the next compile
      await model.trainOnBatch([[1, 2]], [[1, 2, 3]]);
      const loaded = loadModel(await model.save(), { layers: layerRegistry, engine: await create() });
      const before = (await allWeights(model)).slice(0, 6);
      for (const each of [model, loaded]) await each.trainOnBatch([[2, 1]], [[3, 2, 1]]);
      // The reference continues in float64; files store float32.
      const expected = await allWeights(model);
      (await allWeights(loaded)).forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
      expect((await allWeights(loaded)).slice(0, 6).join() !== before.join()).toBe(trained);
      expect(loaded.layers[0]!.trainable).toBe(!trained);
    },
  );

  it('holds one moment, whatever is set while it waits for its turn', async () => {
    const model = sequential([dense({ units: 1, useBias: false, kernelInitializer: 'ones', inputShape: [1] })], {
      engine: await create(),
    });
    model.compile({ optimizer: adam({ learningRate: 0.25 }), loss: 'mse' });
    const x = tensor(new Float32Array(50).fill(1), [50, 1]);
    await model.fit(x, x, { epochs: 1 });
    const running = model.predict(x, { batchSize: 1 });
    model.setWeights([tensor([[2]])]); // waits for the prediction
    model.learningRate = 0.125;
    const saving = model.save(); // waits for the weights
    model.learningRate = 0.5;
    model.setWeights([tensor([[3]])]);
    const file = await saving;
    const { tensors } = decodeSafetensors(file);
    expect([...tensors.get('dense/kernel')!.data]).toEqual([2]);
    expect([...tensors.get('optimizer/1/learningRate')!.data]).toEqual([0.125]);
    expect(loadModel(file, { layers: layerRegistry }).learningRate).toBe(0.125);
    expect(model.learningRate).toBe(0.5);
    expect((await model.getWeights())[0]!.data[0]).toBe(3);
    await running;
  });
});
