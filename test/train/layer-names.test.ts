/** Default layer names, and frozen and trainable layers, when models are joined, saved and loaded. */
import { describe, expect, it } from 'vitest';
import {
  createEngine,
  decodeSafetensors,
  dense,
  input,
  layerRegistry,
  loadModel,
  model,
  sequential,
  sgd,
  adam,
} from '../../src/index.ts';
import { batchNormalization, bidirectional, flatten, lstm, timeDistributed } from '../../src/index.ts';
import type { Layer, Model } from '../../src/index.ts';

const x = [[1, 2], [3, 1], [0, 1]]; // prettier-ignore
const y = [1, 2, 3];

const compiled = (made: Model): Model => {
  made.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  return made;
};
const reloaded = async (made: Model): Promise<Model> => loadModel(await made.save(), { layers: layerRegistry });
const tensorNames = async (made: Model): Promise<string[]> => [
  ...decodeSafetensors(await made.save({ includeOptimizer: false })).tensors.keys(),
];
const losses = async (made: Model): Promise<readonly number[]> =>
  (await made.fit(x, y, { epochs: 3, batchSize: 2 })).history['loss']!;

describe('layers without names', () => {
  it('of two models make a third, which is saved, loaded and trained', async () => {
    const engine = await createEngine({ backend: 'wasm' });
    const ends = [dense({ units: 3, inputShape: [2] }), dense({ units: 2 })];
    const first = compiled(sequential(ends, { seed: 1, engine }));
    const second = compiled(sequential([dense({ units: 1, inputShape: [2] })], { seed: 2, engine }));
    await first.fit(x, [[1, 2], [2, 3], [3, 4]]); // prettier-ignore
    await second.fit(x, y);
    const both = compiled(sequential([...first.layers, ...second.layers], { seed: 3 }));
    await both.fit(x, y);
    expect(await tensorNames(both)).toEqual(
      ['dense', 'dense_1', 'dense_2'].flatMap((name) => [`${name}/kernel`, `${name}/bias`]),
    );
    const other = await reloaded(both);
    expect((await other.predict(x)).data).toEqual((await both.predict(x)).data);
    expect(await losses(other)).toEqual(await losses(both));
    expect((await (await reloaded(first)).predict(x)).data).toEqual((await first.predict(x)).data);
  });

  it('of two loaded models make a third', async () => {
    const one = async (): Promise<Model> => reloaded(sequential([dense({ units: 2, inputShape: [2] })]));
    const [first, second] = [await one(), await one()];
    const both = sequential([...first.layers, ...second.layers]);
    expect((await (await reloaded(both)).predict(x)).data).toEqual((await both.predict(x)).data);
  });

  it('keep apart in every model that has them, whatever the others call them', async () => {
    const engine = await createEngine({ backend: 'wasm' });
    const a = sequential([dense({ units: 2, inputShape: [2] }), dense({ units: 2 }), dense({ units: 2 })], { engine });
    const b = sequential([dense({ units: 2, inputShape: [2] })], { engine });
    const c = sequential([b.layers[0]!, a.layers[0]!, a.layers[2]!], { engine });
    for (const made of [a, b, c]) {
      const names = await tensorNames(made);
      expect(new Set(names).size).toBe(made.layers.length * 2);
      expect((await (await reloaded(made)).predict(x)).data).toEqual((await made.predict(x)).data);
    }
  });

  it('make graphs: a model’s layers called again in another', async () => {
    const start = input({ shape: [2] });
    const encoder = sequential([dense({ units: 2, inputShape: [2] })]);
    const decoder = sequential([dense({ units: 1, inputShape: [2] })]);
    const end = decoder.layers[0]!.apply(encoder.layers[0]!.apply(encoder.layers[0]!.apply(start)));
    const whole = compiled(model({ inputs: start, outputs: end, seed: 1 }));
    await whole.fit(x, y);
    expect(whole.summary()).toMatch(/dense \(dense\)[^]*dense_1 \(dense\)/);
    const other = await reloaded(whole);
    expect((await other.predict(x)).data).toEqual((await whole.predict(x)).data);
    expect(await losses(other)).toEqual(await losses(whole));
  });

  it('take no name that a user gave', async () => {
    const made = sequential([
      dense({ units: 2, inputShape: [2] }),
      dense({ units: 2, name: 'dense' }),
      dense({ units: 2 }),
    ]);
    expect(await tensorNames(made)).toEqual(
      ['dense_1', 'dense', 'dense_2'].flatMap((name) => [`${name}/kernel`, `${name}/bias`]),
    );
  });

  it('are named by a user later', async () => {
    const made = sequential([dense({ units: 2, inputShape: [2] })]);
    made.layers[0]!.name = 'last';
    expect((await reloaded(sequential([...made.layers]))).layers[0]!.name).toBe('last');
  });

  it('do not excuse two names of a user', () => {
    const twice = [dense({ units: 2, inputShape: [2], name: 'a' }), dense({ units: 2, name: 'a' })];
    expect(() => sequential(twice)).toThrow("model: two layers are named 'a': give each a name of its own");
  });
});

describe('a layer that is frozen or trained after compile', () => {
  const sequences = [[[1], [2]], [[3], [1]], [[0], [1]]]; // prettier-ignore
  const kinds: Readonly<Record<string, () => Layer>> = {
    dense: () => dense({ units: 2, inputShape: [2] }),
    batchNormalization: () => batchNormalization({ inputShape: [2] }),
    timeDistributed: () => timeDistributed(dense({ units: 2 }), { inputShape: [2, 1] }),
    bidirectional: () => bidirectional(lstm({ units: 2 }), { inputShape: [2, 1] }),
  };
  const optimizers = { sgd: () => sgd({ learningRate: 0.01, momentum: 0.5 }), adam: () => adam() };

  for (const [kind, make] of Object.entries(kinds)) {
    for (const [name, optimizer] of Object.entries(optimizers)) {
      it.each([true, false])(`${kind}, ${name}: from trainable %s`, async (trainable) => {
        const layer = make();
        layer.trainable = trainable;
        const made = sequential([layer, flatten(), dense({ units: 1 })], { seed: 1 });
        made.compile({ optimizer: optimizer(), loss: 'meanSquaredError' });
        const data = layer.inputShape!.length === 2 ? sequences : x;
        await made.fit(data, y, { batchSize: 2 });
        layer.trainable = !trainable;
        const other = await reloaded(made);
        expect(other.layers[0]!.trainable).toBe(!trainable);
        const train = async (each: Model): Promise<unknown> => [
          (await each.fit(data, y, { epochs: 3, batchSize: 2 })).history,
          (await each.getWeights()).map((weight) => weight.data),
        ];
        expect(await train(other)).toEqual(await train(made));
        // The new flag takes effect at the next compile.
        for (const each of [made, other]) each.compile({ optimizer: optimizer(), loss: 'meanSquaredError' });
        expect(await train(other)).toEqual(await train(made));
      });
    }
  }
});
