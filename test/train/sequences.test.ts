/** Sequence models from data to file: training, states passed between layers, and file contents. */
import { describe, expect, it, test } from 'vitest';
import type { Engine } from '../../src/engine.ts';
import { permutation, keyFromSeed, uniform } from '../../src/core/random.ts';
import { constantInitializer } from '../../src/nn/initializers/initializers.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import { bidirectional } from '../../src/nn/layers/bidirectional.ts';
import { concatenate } from '../../src/nn/layers/concatenate.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { gru } from '../../src/nn/layers/gru.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { simpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { adam } from '../../src/optim/adam.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import { loadModel } from '../../src/files/load.ts';
import { model as functional, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { allWeights, lossRecorder, referenceEngine, rejection, thrown } from '../support/models.ts';
import type { Samples } from '../support/models.ts';
import { recurrentEngines } from '../support/recurrent.ts';

/** Texts of 3 to 6 token ids in 1 … 5, padded with zeros to 6; the label is whether the first one is 1 or 2. */
function firstWords(count: number): Samples {
  const draws = uniform(keyFromSeed(2), 7 * count);
  const x = new Int32Array(6 * count);
  const y = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const length = 3 + Math.floor(4 * draws[7 * sample]!);
    for (let place = 0; place < length; place++)
      x[6 * sample + place] = 1 + Math.floor(5 * draws[7 * sample + place + 1]!);
    y[sample] = Number(x[6 * sample]! <= 2);
  }
  return { x: tensor(x, [count, 6]), y: tensor(y, [count]) };
}

const reader = (cell: Layer, engine: Engine, seed = 3): Model => {
  const layers = [
    embedding({ inputDim: 6, outputDim: 4, maskZero: true }),
    cell,
    dense({ units: 2, activation: 'softmax' }),
  ];
  const model = sequential(layers, { engine, seed });
  model.compile({
    optimizer: adam({ learningRate: 0.03 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
};

const cells: readonly (readonly [string, () => Layer])[] = [
  ['simpleRNN', () => simpleRNN({ units: 8 })],
  ['lstm', () => lstm({ units: 8 })],
  ['gru', () => gru({ units: 8 })],
  ['gru, reset before', () => gru({ units: 8, resetAfter: false })],
  ['bidirectional', () => bidirectional(lstm({ units: 4 }))],
];

describe.each(recurrentEngines)('on %s', (name, createEngine) => {
  it.each(cells)('%s learns what came first', async (_name, cell) => {
    const engine = await createEngine();
    const { x, y } = firstWords(160);
    const model = reader(cell(), engine);
    const { history } = await model.fit(x, y, { epochs: 12, batchSize: 20 });
    expect(history['accuracy']!.at(-1)).toBeGreaterThan(0.95);
    expect(history['loss']!.at(-1)).toBeLessThan(0.3 * history['loss']![0]!);
    engine.dispose();
  });

  it.each(name === 'reference' ? [] : cells)(
    '%s has the losses of the reference in each of 10 epochs',
    async (_name, cell) => {
      const { x, y } = firstWords(40);
      const [losses, expected] = await Promise.all(
        [await createEngine(), referenceEngine()].map(async (engine) => {
          const recorder = lossRecorder();
          const options = { epochs: 10, batchSize: 20, shuffle: false, callbacks: [recorder] };
          await reader(cell(), engine).fit(x, y, options);
          engine.dispose();
          return recorder.losses;
        }),
      );
      expect(losses!.length).toBe(10);
      losses!.forEach((loss, epoch) => expect(Math.abs(loss - expected![epoch]!)).toBeLessThan(2e-5));
    },
  );

  // float64 of the reference backend has no such bound.
  it.skipIf(name === 'reference')('a state that grows beyond all bounds is an error that names the layer', async () => {
    const engine = await createEngine();
    const grows = {
      units: 2,
      activation: 'linear',
      recurrentInitializer: constantInitializer({ value: 1e30 }),
    } as const;
    const model = reader(simpleRNN({ ...grows, name: 'memory' }), engine);
    const { x, y } = firstWords(8);
    expect(await rejection(model.fit(x, y))).toMatch(/^NonFiniteError: fit: the output of layer 'memory' became NaN/);
    engine.dispose();
  });

  it('a seed gives the same run twice, dropout and all', async () => {
    const { x, y } = firstWords(40);
    const run = async (seed: number): Promise<number[]> => {
      const engine = await createEngine();
      const model = reader(lstm({ units: 4, dropout: 0.3, recurrentDropout: 0.3 }), engine, seed);
      await model.fit(x, y, { epochs: 2, batchSize: 16 });
      const weights = await allWeights(model);
      engine.dispose();
      return weights;
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('dropout does nothing after training', async () => {
    const engine = await createEngine();
    const { x } = firstWords(5);
    const [plain, dropping] = [{}, { dropout: 0.5, recurrentDropout: 0.5 }].map((rates) =>
      reader(gru({ units: 4, ...rates }), engine),
    );
    expect((await dropping!.predict(x)).data).toEqual((await plain!.predict(x)).data);
    engine.dispose();
  });

  it('an encoder hands its states to a decoder, and both learn', async () => {
    const engine = await createEngine();
    const model = turner(engine);
    const { x, y } = turned(120);
    const { history } = await model.fit([...x], y, { epochs: 25, batchSize: 20 });
    expect(history['loss']!.at(-1)).toBeLessThan(0.35 * history['loss']![0]!);
    engine.dispose();
  });

  it('a state handed from call to call is one long sequence', async () => {
    const engine = await createEngine();
    const cell = lstm({ units: 3, returnState: true });
    const whole = input({ shape: [6, 2] });
    const [last] = cell.apply(whole);
    const all = functional({ inputs: whole, outputs: last!, engine, seed: 1 });
    const [part, h, c] = [input({ shape: [2, 2] }), input({ shape: [3] }), input({ shape: [3] })];
    const [, hidden, carry] = cell.apply([part, h, c]);
    const step = functional({ inputs: [part, h, c], outputs: concatenate().apply([hidden!, carry!]), engine });
    const x = Float32Array.from(uniform(keyFromSeed(4), 24), (value) => 2 * value - 1);
    let states = new Float32Array(12); // [2, 6]: h and c side by side
    const half = (from: number): HostTensor =>
      tensor(Float32Array.from([...states.slice(from, from + 3), ...states.slice(from + 6, from + 9)]), [2, 3]);
    for (let time = 0; time < 6; time += 2) {
      const now = [...x.slice(2 * time, 2 * time + 4), ...x.slice(12 + 2 * time, 16 + 2 * time)];
      states = Float32Array.from(
        (await step.predict([tensor(Float32Array.from(now), [2, 2, 2]), half(0), half(3)])).data,
      );
    }
    const expected = await all.predict(tensor(x, [2, 6, 2]));
    expect([...half(0).data]).toEqual([...expected.data].map((value) => expect.closeTo(value, 5) as number));
    engine.dispose();
  });

  it('takes a batch of one, and a last batch that is short', async () => {
    const engine = await createEngine();
    const { x, y } = firstWords(7);
    const model = reader(bidirectional(gru({ units: 3 })), engine);
    const whole = await model.predict(x, { batchSize: 7 });
    const single = await model.predict(x, { batchSize: 1 });
    const uneven = await model.predict(x, { batchSize: 4 });
    const close = [...whole.data].map((value) => expect.closeTo(value, 5) as number);
    expect([...single.data]).toEqual(close);
    expect([...uneven.data]).toEqual(close);
    const history = await model.fit(x, y, { epochs: 1, batchSize: 4 });
    expect(history.history['loss']![0]).toBeLessThan(2);
    engine.dispose();
  });
});

/** Sequences of 4 numbers, reversed as the decoder's target; its input is the target shifted by one step. */
function turned(count: number): { readonly x: readonly HostTensor[]; readonly y: HostTensor } {
  const [from, heard, said] = [4 * count, 4 * count, 4 * count].map((size) => new Int32Array(size)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (let sample = 0; sample < count; sample++) {
    const order = permutation(keyFromSeed(sample), 4);
    for (let place = 0; place < 4; place++) {
      from[4 * sample + place] = order[place]! + 1;
      said[4 * sample + place] = order[3 - place]!;
      heard[4 * sample + place] = place === 0 ? 5 : said[4 * sample + place - 1]! + 1;
    }
  }
  return { x: [tensor(from, [count, 4]), tensor(heard, [count, 4])], y: tensor(said, [count, 4]) };
}

/** An encoder, and a decoder initialised with its states; they share the embedding. */
function turner(engine: Engine): Model {
  const [from, heard] = [
    input({ shape: [4], dtype: 'int32', name: 'from' }),
    input({ shape: [4], dtype: 'int32', name: 'heard' }),
  ];
  const words = embedding({ inputDim: 6, outputDim: 6, name: 'words' });
  const [, hidden, carry] = lstm({ units: 16, returnState: true, name: 'encoder' }).apply(words.apply(from));
  const decoder = lstm({ units: 16, returnSequences: true, name: 'decoder' });
  const said = decoder.apply([words.apply(heard), hidden!, carry!]);
  const outputs = timeDistributed(dense({ units: 4, activation: 'softmax' }), { name: 'head' }).apply(said);
  const model = functional({ inputs: [from, heard], outputs, engine, seed: 2 });
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: 'sparseCategoricalCrossentropy' });
  return model;
}

const layers = layerRegistry;

// Not on the reference backend, which stores float64: files store float32.
describe.each(recurrentEngines.filter(([name]) => name !== 'reference'))('a saved model on %s', (_, createEngine) => {
  const many = (engine: Engine): Model => {
    const model = sequential(
      [
        embedding({ inputDim: 6, outputDim: 4, maskZero: true, inputLength: 6 }),
        bidirectional(lstm({ units: 3, returnSequences: true, dropout: 0.2 }), { mergeMode: 'sum' }),
        timeDistributed(dense({ units: 4, activation: 'tanh' })),
        simpleRNN({ units: 4, returnSequences: true }),
        gru({ units: 4, recurrentDropout: 0.2 }),
        dense({ units: 2, activation: 'softmax' }),
      ],
      { engine, seed: 5 },
    );
    model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    return model;
  };

  it('predicts the same bits and goes on as if it had not stopped', async () => {
    const engine = await createEngine();
    const { x, y } = firstWords(30);
    const model = many(engine);
    await model.fit(x, y, { epochs: 2, batchSize: 10, shuffle: false });
    const file = await model.save();
    expect([...decodeSafetensors(file).tensors.keys()].filter((name) => !name.startsWith('optimizer'))).toEqual([
      'embedding/embeddings',
      'bidirectional/forward/kernel',
      'bidirectional/forward/recurrentKernel',
      'bidirectional/forward/bias',
      'bidirectional/backward/kernel',
      'bidirectional/backward/recurrentKernel',
      'bidirectional/backward/bias',
      'timeDistributed/dense/kernel',
      'timeDistributed/dense/bias',
      'simpleRNN/kernel',
      'simpleRNN/recurrentKernel',
      'simpleRNN/bias',
      'gru/kernel',
      'gru/recurrentKernel',
      'gru/bias',
      'dense/kernel',
      'dense/bias',
    ]);
    const loaded = loadModel(file, { layers, engine: await createEngine() });
    expect(loaded.summary()).toBe(model.summary());
    expect((await loaded.predict(x)).data).toEqual((await model.predict(x)).data);
    const more = { epochs: 2, batchSize: 10, shuffle: false };
    expect((await loaded.fit(x, y, more)).history).toEqual((await model.fit(x, y, more)).history);
    expect(await allWeights(loaded)).toEqual(await allWeights(model));
  });

  it('keeps its states’ ways: an encoder and a decoder', async () => {
    const engine = await createEngine();
    const { x } = turned(5);
    const model = turner(engine);
    const loaded = loadModel(await model.save(), { layers, engine });
    expect((await loaded.predict([...x])).data).toEqual((await model.predict([...x])).data);
    expect(loaded.summary()).toBe(model.summary());
    engine.dispose();
  });

  it('is refused where its calls name an output that is not there, or a layer around has none inside', async () => {
    const engine = await createEngine();
    const { tensors, metadata } = decodeSafetensors(await turner(engine).save());
    const text = metadata.get('gradlet')!;
    const changed = (from: RegExp, to: string): string => {
      expect(text).toMatch(from);
      const file = encodeSafetensors(tensors, new Map([['gradlet', text.replace(from, to)]]));
      return thrown(() => loadModel(file, { layers, engine }));
    };
    expect(
      [
        changed(/"output":1/, '"output":3'),
        changed(/"output":1/, '"output":-1'),
        changed(/"output":1/, '"output":"1"'),
        changed(/"layer":\{"kind":"dense"/, '"layer":{"kind":"dens"'),
        changed(/"layer":\{"kind":"dense","config"/, '"layer":{"kind":"dense","settings"'),
        changed(/"layer":\{"kind"/, '"inner":{"kind"'),
        changed(/"layer":\{"kind":"dense"/, '"layer":{"kind":"lstm"'),
      ].join('\n'),
    ).toMatchInlineSnapshot(`
      "FormatError: model file: call 5: call 4 has no output 3
      FormatError: model file: graph.calls[5].output must be a whole number from 0 to 2147483647
      FormatError: model file: graph.calls[5].output must be a whole number from 0 to 2147483647
      FormatError: model file: layer 5, 'timeDistributed': layer: there is no 'dens'; did you mean 'dense'?
      FormatError: model file: layer 5, 'timeDistributed': layer: config must be an object, not undefined
      FormatError: model file: layer 5, 'timeDistributed': layer: layer must be a kind and a config, not undefined
      FormatError: model file: layer 5, 'timeDistributed': lstm: activation must be one of linear, relu, sigmoid, tanh, hardSigmoid, not 'softmax'"
    `);
    engine.dispose();
  });
});

// The first model's are those of the guide "Working with RNNs" (keras.io/guides/working_with_rnns). The others by hand, for
// u units and f features: GRU 3·u·(f + u + 2), simple u·(f + u + 1), and 4·u·(f + u + 1) for each of two directions.
test('a summary, with the counts that Keras has', () => {
  const counts = (layers: readonly Layer[]): string[] =>
    sequential(layers)
      .summary()
      .split('\n')
      .filter((line) => line.includes('('))
      .map((line) =>
        line
          .trim()
          .split(/\s{2,}/)
          .at(-1)!,
      )
      .slice(1);
  expect(
    counts([embedding({ inputDim: 1000, outputDim: 64, inputLength: 20 }), lstm({ units: 128 }), dense({ units: 10 })]),
  ).toEqual(['64,000', '98,816', '1,290', expect.stringContaining('164,106')]);
  const words = embedding({ inputDim: 1000, outputDim: 64, inputLength: 20 });
  const two = [gru({ units: 256, returnSequences: true }), simpleRNN({ units: 128 })];
  expect(counts([words, ...two, dense({ units: 10 })]).slice(1, 3)).toEqual(['247,296', '49,280']);
  const both = bidirectional(lstm({ units: 64, returnSequences: true }), { inputShape: [5, 10] });
  expect(counts([both, bidirectional(lstm({ units: 32 })), dense({ units: 10 })]).slice(0, 3)).toEqual([
    '38,400',
    '41,216',
    '650',
  ]);
});

test('a summary of an encoder and a decoder shows each layer once', async () => {
  const engine = await recurrentEngines[0]![1]();
  expect(turner(engine).summary()).toMatchInlineSnapshot(`
    "Model: 'model'
    ───────────────────────────────────────────────────────────────────────
    Layer (type)            Output shape    Params  Connected to
    ───────────────────────────────────────────────────────────────────────
    heard (input)           [batch, 4]           0
    words (embedding)       [batch, 4, 6]       36  heard
    from (input)            [batch, 4]           0
    words (embedding)       [batch, 4, 6]        0  from
    encoder (lstm)          [batch, 16]      1,472  words
    decoder (lstm)          [batch, 4, 16]   1,472  words, encoder, encoder
    head (timeDistributed)  [batch, 4, 4]       68  decoder
    ───────────────────────────────────────────────────────────────────────
    Total params: 3,048 (11.91 KiB)
    Trainable params: 3,048
    Non-trainable params: 0"
  `);
  engine.dispose();
});

test('layers in a row have one output each', async () => {
  const cell = lstm({ units: 3, returnState: true, inputShape: [4, 2] }) as unknown as Layer;
  expect(thrown(() => sequential([cell, dense({ units: 1 })]))).toMatchInlineSnapshot(
    `"ValueError: model: 'lstm' has 3 outputs, but sequential() takes layers with one output: use input() and model()"`,
  );
  expect(thrown(() => sequential([cell]))).toMatchInlineSnapshot(
    `"ValueError: model: 'lstm' has 3 outputs, but sequential() takes layers with one output: use input() and model()"`,
  );
  const engine = await recurrentEngines[0]![1]();
  const short = reader(lstm({ units: 2 }), engine);
  expect(await rejection(short.predict(tensor([1, 2, 3])))).toMatchInlineSnapshot(
    `"ShapeError: lstm: expects sequences [batch, steps, features], got [batch, 4]: put embedding() before it for word numbers, or reshape the data; a layer before it that is recurrent takes returnSequences: true"`,
  );
  engine.dispose();
});
