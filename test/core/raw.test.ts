/**
 * Public objects behind a Proxy: every public method of every class works through a shallow proxy, and frameworks that wrap
 * deeply do not wrap the objects.
 */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { markRaw, rawOf, unproxied } from '../../src/core/raw.ts';
import {
  adam,
  add,
  batches,
  constant,
  createEngine,
  dense,
  dropout,
  Engine,
  Executable,
  HostTensor,
  input,
  Layer,
  lstm,
  Model,
  model,
  sequential,
  tensor,
  tokenizer,
  Tokenizer,
  variable,
} from '../../src/index.ts';
import type { Variable } from '../../src/index.ts';

type Wrap = <T extends object>(object: T) => T;

/** Proxies like those of frameworks. */
const proxies: readonly (readonly [string, Wrap])[] = [
  ['without traps', (object) => new Proxy(object, {})],
  ['that reads by itself', (object) => new Proxy(object, { get: (o, k, self) => Reflect.get(o, k, self) as unknown })],
  ['around a Proxy', (object) => new Proxy(new Proxy(object, {}), {})],
  [
    'of a class that binds its methods to the Proxy',
    (object) => {
      const proxy: typeof object = new Proxy(object, {
        get(o, k, self) {
          const value = Reflect.get(o, k, self) as unknown;
          return typeof value === 'function' && k !== 'constructor' ? (value.bind(proxy) as unknown) : value;
        },
      });
      return proxy;
    },
  ],
  ['of Vue', vue],
];

/** Like Vue's `reactive`: wraps all objects deeply, except those with `__v_skip`. */
function vue<T extends object>(object: T): T {
  if ((object as { __v_skip?: boolean }).__v_skip === true || !Object.isExtensible(object)) return object;
  if (!/Object|Array|Map|Set/.test(Object.prototype.toString.call(object).slice(8, -1))) return object;
  return new Proxy(object, {
    get(o, k, self) {
      const value = Reflect.get(o, k, self) as unknown;
      return typeof value === 'object' && value !== null ? vue(value) : value;
    },
  });
}

/** Like MobX's `observable`: copies plain objects and arrays deeply, and does not change others. */
function mobx<T>(value: T): T {
  if (Array.isArray(value)) return value.map(mobx) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mobx(entry) as unknown])) as T;
}

const x = [[0, 0], [0, 1], [1, 0], [1, 1]]; // prettier-ignore
const y = [0, 1, 1, 0];

function classifier(engine?: Engine): Model {
  const layers = [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })];
  const made = sequential(layers, { seed: 1, ...(engine && { engine }) });
  made.compile({ optimizer: adam(), loss: 'binaryCrossentropy' });
  return made;
}

/** Member names of a class, without private TypeScript members. */
function membersOf(type: { readonly prototype: object }, own: readonly string[]): string[] {
  return Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor' && !own.includes(name));
}

describe.each(proxies)('through a Proxy %s', (_, wrap) => {
  it('a model does all that it does', async () => {
    const plain = classifier();
    const made = wrap(classifier());
    expect(made).toBeInstanceOf(Model);
    await plain.fit(x, y, { epochs: 3 });
    const { history } = await made.fit(x, y, { epochs: 3 });
    expect(history.loss).toHaveLength(3);
    expect((await made.predict(x)).data).toEqual((await plain.predict(x)).data);
    expect(await made.evaluate(x, y)).toEqual(await plain.evaluate(x, y));
    expect(await made.trainOnBatch(x, y)).toEqual(await plain.trainOnBatch(x, y));
    expect(await made.testOnBatch(x, y)).toEqual(await plain.testOnBatch(x, y));
    const weights = await made.getWeights();
    made.setWeights(weights.map((values) => wrap(values)));
    expect((await made.getWeights()).map(({ data }) => data)).toEqual(weights.map(({ data }) => data));
    made.learningRate = 0.5;
    expect(made.learningRate).toBe(0.5);
    expect(made.countParams()).toBe(plain.countParams());
    expect(made.summary()).toBe(plain.summary());
    expect(made.layers.map(({ name }) => name)).toEqual(plain.layers.map(({ name }) => name));
    made.build([2]);
    expect((await made.save()).length).toBeGreaterThan(100);
    made.stopTraining = true;
    made.compile({ optimizer: wrap(adam()), loss: 'mse' });
    await made.fit(wrap(tensor(x)), y, { epochs: 1 });
    made.dispose();
    await expect(made.predict(x)).rejects.toThrow(/disposed/);
  });

  it('and without, a model is one user of its variables', async () => {
    const engine = await createEngine();
    const [raw, before] = [classifier(wrap(engine)), engine.info.stateBytes];
    await raw.fit(x, y, { epochs: 1 });
    await wrap(raw).fit(x, y, { epochs: 1 });
    wrap(raw).dispose();
    expect(engine.info.stateBytes).toBe(before);
    const other = classifier();
    await wrap(other).fit(x, y, { epochs: 1 });
    const own = other['engine'].current!;
    other.dispose();
    await Promise.resolve();
    expect(() => own.allocate([variable([1])])).toThrow(/disposed/);
    engine.dispose();
  });

  it('and without, an engine and a layer are one', async () => {
    const engine = await createEngine();
    const shared = dense({ units: 2, inputShape: [2] });
    const first = sequential([shared], { engine });
    const second = sequential([wrap(shared)], { engine: wrap(engine) });
    expect((await second.predict(x)).data).toEqual((await first.predict(x)).data);
    const place = input({ shape: [2] });
    const twice = model({ inputs: place, outputs: wrap(shared).apply(shared.apply(place)) });
    expect(twice.layers).toHaveLength(1);
    expect(twice.layers[0]).toBe(shared);
    engine.dispose();
  });

  it('an engine and an executable do all that they do', async () => {
    const engine = wrap(await createEngine());
    const counter = wrap(variable([2], { initialize: () => Float32Array.of(1, 2) }));
    engine.allocate([counter]);
    const executable = wrap(
      await engine.compile({ outputs: { y: add(counter, 1) }, updates: [[counter, add(counter, 1)]] }),
    );
    executable.run(2);
    expect([...(await executable.read('y'))]).toEqual([3, 4]);
    expect([...(await engine.read(counter))]).toEqual([3, 4]);
    engine.write(counter, Float32Array.of(5, 6));
    expect([...(await engine.read(counter))]).toEqual([5, 6]);
    await engine.finished();
    expect(engine.programs).toHaveLength(1);
    expect(executable.program.steps.length).toBeGreaterThan(0);
    expect(engine.info.name).toBe('wasm');
    executable.dispose();
    engine.release([counter]);
    expect(engine.info.stateBytes).toBe(0);
    engine.dispose();
    expect(() => engine.allocate([counter])).toThrow(/disposed/);
  });

  it('layers do all that they do', async () => {
    const layers = [lstm({ units: 3, inputShape: [4, 2] }), dropout({ rate: 0.5 }), dense({ units: 1 })].map(wrap);
    const made = sequential(layers);
    expect((await made.predict(tensor(new Float32Array(16), [2, 4, 2]))).shape).toEqual([2, 1]);
    const [recurrent] = layers;
    expect(recurrent!.weights).toHaveLength(3);
    expect(recurrent!.outputShape([[4, 2]])).toEqual([3]);
    expect(recurrent!.config()).toMatchObject({ units: 3 });
    recurrent!.name = 'renamed';
    recurrent!.trainable = false;
    expect([recurrent!.name, recurrent!.trainable]).toEqual(['renamed', false]);
    made.dispose();
  });

  it('tensors, batches and tokenizers do all that they do', () => {
    const values = wrap(tensor([[1, 2], [3, 4]])); // prettier-ignore
    expect(values.toArray()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect([values.size, values.toConstant().shape]).toEqual([4, [2, 2]]);
    const epochs = wrap(batches([values], { batchSize: 1 }));
    expect([...epochs].map(([batch]) => [...batch.data])).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect([epochs.epoch, epochs.length]).toEqual([1, 2]);
    const words = wrap(tokenizer());
    expect(rawOf(words.fit(['a b', 'b']))).toBe(rawOf(words));
    expect([...words.encode('b a')]).toEqual([2, 3]);
    expect(words.encodeAll(['a']).map((row) => [...row])).toEqual([[3]]);
    expect(words.decode([2, 3])).toBe('b a');
    expect([words.vocabularySize, words.vocabulary.length]).toEqual([4, 4]);
    expect(JSON.stringify(words)).toContain('gradlet-tokenizer');
  });
});

it('the tests above know every public member', () => {
  const known = {
    Model:
      'layers build compile fit evaluate predict trainOnBatch testOnBatch learningRate getWeights setWeights countParams summary dispose save',
    Engine: 'info programs compile allocate write read release finished dispose',
    Executable: 'run read dispose',
    HostTensor: 'size toArray toConstant',
    Tokenizer: 'fit encode encodeAll decode vocabulary vocabularySize toJSON',
  };
  const hidden = {
    Model: ['checkpoint', 'resume'],
    Engine: [],
    Executable: [],
    HostTensor: [],
    Tokenizer: [],
  };
  for (const [name, type] of Object.entries({ Model, Engine, Executable, HostTensor, Tokenizer })) {
    const members = membersOf(type, hidden[name as keyof typeof hidden]);
    for (const member of known[name as keyof typeof known].split(' ')) expect(members).toContain(member);
  }
});

describe('deep frameworks leave alone', () => {
  const weight: Variable = variable([2]);
  const objects: readonly (readonly [string, object])[] = [
    ['a model', classifier()],
    ['a layer', dense({ units: 1 })],
    ['a tensor', tensor([1, 2])],
    ['batches', batches([[1, 2]])],
    ['a tokenizer', tokenizer()],
    ['an optimizer', adam()],
    ['a variable', weight],
    ['a node', add(weight, weight)],
    ['a constant', constant(3)],
    ['a place', dense({ units: 1 }).apply(input({ shape: [2] }))],
    ['an input', input({ shape: [2] })],
  ];

  it.each(objects)('%s', (_, object) => {
    expect(vue({ deep: [object] }).deep[0]).toBe(object);
    if (Object.getPrototypeOf(object) !== Object.prototype) expect(mobx({ deep: [object] }).deep[0]).toBe(object);
  });

  it('engines and executables', async () => {
    const engine = await createEngine();
    const executable = await engine.compile({ outputs: { y: add(weight, 1) } });
    for (const object of [engine, executable]) expect(vue({ deep: object }).deep).toBe(object);
    engine.dispose();
  });
});

describe('the marks', () => {
  it('do not show', () => {
    const values = tensor([1, 2]);
    for (const shown of [JSON.stringify(values), inspect(values), Object.keys(values).join(), inspect(adam())]) {
      expect(shown).not.toMatch(/__v_skip|raw/);
    }
    const layer = dense({ units: 1 });
    expect(Object.keys(layer).join()).not.toMatch(/__v_skip/);
    expect(JSON.stringify(variable([1], { name: 'w' }))).toContain('"name":"w"');
  });

  it('do not go with a copy', () => {
    const object = markRaw({ a: 1 });
    expect(rawOf(new Proxy(object, {}))).toBe(object);
    const copy = { ...object };
    expect(rawOf(copy)).toBe(copy);
    expect({ ...unproxied({ a: 1 }) }).toStrictEqual({ a: 1 });
  });

  it('are not on what is not marked', () => {
    const object = {};
    expect(rawOf(object)).toBe(object);
  });
});

it('a Layer of a user is marked too', () => {
  class Twice extends Layer {
    readonly kind = 'twice';
    outputShape([shape]: readonly (readonly number[])[]): readonly number[] {
      return shape!;
    }
    call([given]: Parameters<Layer['call']>[0]): ReturnType<Layer['call']> {
      return add(given!, given!);
    }
  }
  const layer = new Twice();
  expect(rawOf(new Proxy(layer, {}))).toBe(layer);
});
