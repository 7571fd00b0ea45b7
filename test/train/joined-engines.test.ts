/** Models with separate engines that later share one, because another model uses layers of both. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { BackendError, StateError } from '../../src/core/errors.ts';
import { keyFromSeed, normal } from '../../src/core/random.ts';
import type { Engine } from '../../src/engine.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { activation } from '../../src/nn/layers/activation.ts';
import { batchNormalization } from '../../src/nn/layers/batch-normalization.ts';
import { inputLayer } from '../../src/nn/layers/input.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { mul } from '../../src/ops/elementwise/arithmetic.ts';
import { adam } from '../../src/optim/adam.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { ModelOptions } from '../../src/model/model-arguments.ts';
import type { Model } from '../../src/model/model.ts';
import { allWeights, rejection, wasmEngine } from '../support/models.ts';

const made = new Set<Model>();
const seen = new Set<Engine>();

function compiled(
  layers: readonly Layer[],
  options: ModelOptions = {},
  optimizer = adam({ learningRate: 0.01 }),
): Model {
  const model = sequential(layers, { seed: 1, ...options });
  model.compile({ optimizer, loss: 'mse' });
  made.add(model);
  return model;
}

/** The engine on which the last call of `model` ran. */
function engineOf(model: Model): Engine {
  const engine = model['engine'].current!;
  seen.add(engine);
  return engine;
}

const isDisposed = (engine: Engine): boolean => {
  try {
    engine.allocate([]);
    return false;
  } catch {
    return true;
  }
};

/** Disposes all models and checks that no engine remains. */
afterEach(async () => {
  for (const model of made) if (model['engine'].current) engineOf(model);
  for (const model of made) model.dispose();
  await turn();
  for (const engine of seen) expect(isDisposed(engine)).toBe(true);
  made.clear();
  seen.clear();
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const random = (seed: number, ...shape: [number, number]): HostTensor =>
  tensor(normal(keyFromSeed(seed), shape[0] * shape[1]), shape);

/** Layers from 3 features to 2, and from 2 to 1; hidden layers have `units` units. */
const layers = (units: number): [first: Layer[], second: Layer[]] => [
  [
    dense({ units, activation: 'tanh', inputShape: [3], name: 'a0' }),
    batchNormalization({ name: 'a1' }),
    dense({ units: 2, name: 'a2' }),
  ],
  [dense({ units: 2 * units, activation: 'relu', inputShape: [2], name: 'b0' }), dense({ units: 1, name: 'b1' })],
];
const samples = 40;
const data = { x: random(1, samples, 3), between: random(2, samples, 2), y: random(3, samples, 1) };

interface Pair {
  readonly a: Model;
  readonly b: Model;
  readonly both: Layer[];
}

function pair(units: number, optimizer?: () => ReturnType<typeof adam>): Pair {
  const [first, second] = layers(units);
  return {
    a: compiled(first, {}, optimizer?.()),
    b: compiled(second, {}, optimizer?.()),
    both: [...first, ...second],
  };
}

/** Training with `fit` and with single batches. */
async function train({ a, b }: Pair): Promise<void> {
  await a.fit(data.x, data.between, { epochs: 2, batchSize: 16 });
  await b.trainOnBatch(data.between, data.y);
  await b.fit(data.between, data.y, { epochs: 2, batchSize: 16 });
}

const files = async ({ a, b }: Pair): Promise<Uint8Array[]> => [await a.save(), await b.save()];

describe.each([1, 5, 300])('models with %d hidden units that a third one joins', (units) => {
  it('go on training as if nothing had happened', async () => {
    const [joined, alone] = [pair(units), pair(units)];
    await train(joined);
    await train(alone);
    const [first, second] = [engineOf(joined.a), engineOf(joined.b)];
    expect(first).not.toBe(second);
    const values = await joined.b.predict(await joined.a.predict(data.x));
    const whole = compiled(joined.both);
    expect((await whole.predict(data.x)).data).toEqual(values.data);
    expect(engineOf(whole)).toBe(first);
    expect(isDisposed(second)).toBe(true);
    // Neither has run since: saving reads the values from their current engine.
    expect(await files(joined)).toEqual(await files(alone));
    joined.b.learningRate = alone.b.learningRate = 0.02;
    for (let time = 0; time < 2; time++) {
      await train(joined);
      await train(alone);
    }
    expect(engineOf(joined.b)).toBe(first);
    expect(await files(joined)).toEqual(await files(alone));
    expect((await whole.predict(data.x)).data).toEqual((await alone.b.predict(await alone.a.predict(data.x))).data);
  });

  it('move to the engine of that model, and leave nothing there', async () => {
    const engine = await wasmEngine();
    const before = engine.info;
    const { a, b, both } = pair(units);
    const alone = pair(units);
    await train({ a, b, both });
    await train(alone);
    const old = [engineOf(a), engineOf(b)];
    const whole = compiled(both, { engine });
    await whole.evaluate(data.x, data.y);
    expect(old.map(isDisposed)).toEqual([true, true]);
    expect(await allWeights(whole)).toEqual([...(await allWeights(alone.a)), ...(await allWeights(alone.b))]);
    await train({ a, b, both });
    await train(alone);
    expect(await files({ a, b, both })).toEqual(await files(alone));
    a.dispose();
    await whole.fit(data.x, data.y);
    whole.dispose();
    expect((await b.predict(data.between)).shape).toEqual([samples, 1]);
    b.dispose();
    expect(engine.info).toEqual(before);
    expect(isDisposed(engine)).toBe(false);
    engine.dispose();
  });
});

/** y = k · x. */
const line = (name: string): Layer =>
  dense({ units: 1, useBias: false, kernelInitializer: 'ones', inputShape: [1], name });
const rows = 300;
const ones = tensor(new Float32Array(rows).fill(1), [rows, 1]);
const wanted = tensor(new Float32Array(rows).fill(3), [rows, 1]);
const still = (): ReturnType<typeof sgd> => sgd({ learningRate: 0 });
const kernel = (value: number): HostTensor => tensor([[value]]);

async function lines(): Promise<{ a: Model; b: Model; layers: [Layer, Layer] }> {
  const [first, second] = [line('first'), line('second')];
  const [a, b] = [compiled([first], {}, still()), compiled([second], {}, still())];
  await Promise.all([a.predict(ones), b.predict(ones)]);
  engineOf(a);
  engineOf(b);
  return { a, b, layers: [first, second] };
}

describe('calls that overlap with the first of the joined model', () => {
  it('end with what they began with, and later ones see what was set in between', async () => {
    const { a, b, layers } = await lines();
    b.setWeights([kernel(2)]);
    const running = [a.predict(ones, { batchSize: 1 }), b.predict(ones, { batchSize: 1 })];
    await turn();
    const whole = compiled(layers, {}, sgd({ learningRate: 0.1 }));
    const fit = whole.fit(ones, tensor(new Float32Array(rows).fill(9), [rows, 1]), { batchSize: 100, epochs: 3 });
    expect(new Set((await running[0]!).data)).toEqual(new Set([1]));
    expect(new Set((await running[1]!).data)).toEqual(new Set([2]));
    await fit;
    const [first, second] = (await allWeights(whole)) as [number, number];
    expect(first * second).not.toBe(2);
    expect((await a.predict(ones)).data[0]).toBe(first);
    expect((await b.predict(ones)).data[0]).toBe(second);
    whole.setWeights([kernel(5), kernel(7)]);
    const [before, , after] = [b.predict(ones, { batchSize: 1 }), b.setWeights([kernel(8)]), whole.predict(ones)];
    expect(new Set((await before).data)).toEqual(new Set([7]));
    expect((await after).data[0]).toBe(40);
  });

  it('and with the first of all models', async () => {
    const [first, second, third] = [line('first'), line('second'), line('third')];
    const all = [[first], [second, third], [first, second], [third, first], [third]].map((own) => compiled(own));
    all[0]!.setWeights([kernel(2)]);
    all[1]!.setWeights([kernel(3), kernel(5)]);
    const answers = await Promise.all(all.map((model) => model.predict(ones)));
    expect(answers.map(({ data }) => data[0])).toEqual([2, 15, 6, 10, 5]);
    expect(new Set(all.map(engineOf)).size).toBeGreaterThan(1); // The first two ran before they were joined.
    await Promise.all(all.map((model) => model.predict(ones)));
    expect(new Set(all.map(engineOf)).size).toBe(1);
  });

  it('a fit stays where it is, and the others come to it', async () => {
    const { a, b, layers } = await lines();
    const running = b.fit(ones, wanted, { batchSize: 1, epochs: 4000 });
    await turn();
    const whole = compiled(layers, {}, still());
    expect((await whole.predict(ones)).data[0]).toBe(1);
    expect(engineOf(whole)).toBe(engineOf(b));
    expect((await a.predict(ones)).data[0]).toBe(1);
    b.stopTraining = true;
    await running;
    expect(engineOf(a)).toBe(engineOf(b));
  });

  it('two fits on two engines are an error for the third model, until one has ended', async () => {
    const { a, b, layers } = await lines();
    const running = [a, b].map((model) => model.fit(ones, wanted, { batchSize: 1, epochs: 4000 }));
    await turn();
    const whole = compiled(layers);
    expect(await rejection(whole.predict(ones))).toMatch(
      /^StateError: model: 'second\/kernel' is used by a fit on another engine, .*: await it first/,
    );
    const engine = await wasmEngine();
    const elsewhere = compiled([layers[0]], { engine });
    expect(await rejection(elsewhere.predict(ones))).toMatch(/^StateError: model: 'first\/kernel' is used by a fit/);
    b.stopTraining = true;
    await running[1];
    expect((await whole.predict(ones)).data[0]).toBe(1);
    a.stopTraining = true;
    await running[0];
    expect((await elsewhere.predict(ones)).data[0]).toBe(1);
    expect((await b.predict(ones)).data[0]).toBe(1);
    expect(engineOf(b)).toBe(engine);
    for (const model of made) model.dispose();
    engine.dispose();
  });

  it('of any kind, in any order, see the values of their moment, and all memory is freed', async () => {
    const names = ['predict', 'setWeights', 'fit', 'train', 'save', 'evaluate', 'compile', 'dispose'] as const;
    const step = fc.record({
      // Frequent disposals would end a case too soon.
      name: fc.constantFrom(...names.slice(0, -1), ...names),
      model: fc.nat({ max: 5 }),
      value: fc.integer({ min: 2, max: 5 }),
      pause: fc.boolean(),
    });
    let joins = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), fc.boolean(), async (steps, given) => {
        const engine = given ? await wasmEngine() : undefined;
        const before = engine?.info;
        const all = [line('0'), line('1'), line('2'), line('3')] as const;
        const parts = [[0], [1, 2], [3], [0, 1], [3, 2], [0, 3]];
        const models = parts.map((own, index) =>
          compiled(
            own.map((part) => all[part]!),
            engine && index === 4 ? { engine } : {},
            index % 2 === 0 ? still() : adam({ learningRate: 0 }),
          ),
        );
        const used = new Set<Engine>();
        const values = [1, 1, 1, 1];
        const gone = new Set<Model>();
        const results: Promise<unknown>[] = [];
        const allowed = (error: unknown): void => {
          if (!(error instanceof StateError)) throw error;
          expect(error.message).toMatch(/is busy with|was disposed|is used by a fit/);
        };
        for (const { name, model: index, value, pause } of steps) {
          const model = models[index]!;
          const own = parts[index]!;
          const product = own.reduce((total, part) => total * values[part]!, 1);
          const settle = (result: Promise<unknown>): void => void results.push(result.catch(allowed));
          if (name === 'predict') {
            settle(
              model.predict(ones, { batchSize: 7 }).then((y) => expect(new Set(y.data)).toEqual(new Set([product]))),
            );
          } else if (name === 'evaluate') {
            settle(model.evaluate(ones, wanted).then(({ loss }) => expect(loss).toBeCloseTo((product - 3) ** 2, 2)));
          } else if (name === 'fit') settle(model.fit(ones, wanted, { batchSize: 50 }));
          else if (name === 'train') settle(model.trainOnBatch(ones, wanted));
          else if (name === 'save') settle(model.save());
          else {
            try {
              if (name === 'compile') model.compile({ optimizer: adam({ learningRate: 0 }), loss: 'mse' });
              // Weights that no model uses any more are reset to their initial values.
              else if (name === 'dispose') model.dispose();
              else if (name === 'setWeights') {
                model.setWeights(own.map(() => kernel(value)));
                for (const part of own) values[part] = value;
              }
            } catch (error) {
              allowed(error);
            }
          }
          if (name === 'dispose') gone.add(model);
          if (gone.size > 0) break; // Later results are not uniquely determined.
          if (pause) await turn();
          for (const each of models) if (each['engine'].current) used.add(each['engine'].current);
        }
        await Promise.all(results);
        for (const each of models) if (each['engine'].current) used.add(each['engine'].current);
        joins += used.size > 1 ? 1 : 0;
        if (gone.size === 0) {
          const numbers = await Promise.all(models.map((model) => model.predict(ones)));
          const products = parts.map((own) => own.reduce((total, part) => total * values[part]!, 1));
          expect(numbers.map(({ data }) => data[0])).toEqual(products);
          await Promise.all(models.map((model) => model.predict(ones)));
          expect(new Set(models.map((model) => model['engine'].current)).size).toBe(1);
          if (engine) expect(models[0]!['engine'].current).toBe(engine);
        }
        for (const model of models) model.dispose();
        await turn();
        if (engine) expect(engine.info).toEqual(before);
        used.delete(engine!);
        expect([...used].every(isDisposed)).toBe(true);
        for (const model of models) made.delete(model);
        engine?.dispose();
      }),
      { numRuns: 60 },
    );
    expect(joins).toBeGreaterThan(20);
  }, 60_000);
});

describe('dispose', () => {
  it.each([
    ['of the first', 0],
    ['of the second', 1],
  ])('%s before the join frees its weights, after it keeps those of the joined model', async (_, index) => {
    const { a, b, layers } = await lines();
    const one = [a, b][index]!;
    const engine = engineOf(one);
    a.setWeights([kernel(4)]);
    b.setWeights([kernel(4)]);
    one.dispose();
    await turn();
    expect(isDisposed(engine)).toBe(true);
    const whole = compiled(layers, {}, still());
    expect((await whole.predict(ones)).data[0]).toBe(4); // The weights of the other model, and initial values.
    const other = [b, a][index]!;
    const running = other.predict(ones, { batchSize: 1 });
    other.dispose();
    expect((await running).data[0]).toBe(4);
    expect((await whole.predict(ones)).data[0]).toBe(4);
  });

  it('while the joined model waits for its first turn takes nothing from it', async () => {
    const { a, b, layers } = await lines();
    a.setWeights([kernel(4)]);
    b.setWeights([kernel(5)]);
    const whole = compiled(layers, {}, still());
    const first = whole.predict(ones);
    a.dispose();
    b.dispose();
    expect((await first).data[0]).toBe(20);
    expect((await whole.predict(ones)).data[0]).toBe(20);
  });

  it('of all models but one that has not run since the join keeps the engine', async () => {
    const { a, b, layers } = await lines();
    b.setWeights([kernel(4)]);
    const whole = compiled(layers, {}, still());
    await whole.predict(ones);
    a.dispose();
    whole.dispose();
    await turn();
    expect((await b.predict(ones)).data[0]).toBe(4);
    expect(engineOf(b)).toBe(engineOf(whole));
  });

  it('frees the engine of a model without weights, which has one', async () => {
    const model = compiled([inputLayer({ shape: [1] }), activation({ activation: 'relu' })]);
    await model.predict(ones);
    const engine = engineOf(model);
    await model.predict(ones);
    expect(engineOf(model)).toBe(engine);
  });
});

describe('engines that a user gave', () => {
  it('are never left: models without one come to them, and two of them are an error that changes nothing', async () => {
    const [first, second] = [await wasmEngine(), await wasmEngine()];
    const own = [line('0'), line('1'), line('2')] as const;
    const [a, b, c] = [
      compiled([own[0]], { engine: first }, still()),
      compiled([own[1]], { engine: second }, still()),
      compiled([own[2]], {}, still()),
    ];
    for (const model of [a, b, c]) model.setWeights([kernel(3)]);
    for (const model of [a, b, c]) await model.trainOnBatch(ones, wanted);
    const alone = engineOf(c);
    const message =
      /^StateError: model: '1\/kernel' lives on another engine: give its models the engine on which you use it/;
    expect(await rejection(compiled([...own]).predict(ones))).toMatch(message);
    expect(await rejection(compiled([own[1], own[2]], { engine: first }).predict(ones))).toMatch(message);
    await c.predict(ones);
    expect(engineOf(c)).toBe(alone);
    const joined = compiled([own[2], own[1]]);
    expect((await joined.predict(ones)).data[0]).toBe(9);
    expect((await c.predict(ones)).data[0]).toBe(3);
    expect(c['engine'].current).toBe(second);
    expect(isDisposed(alone)).toBe(true);
    for (const model of made) model.dispose();
    for (const engine of [first, second]) {
      expect(engine.info.stateBytes).toBe(0);
      engine.dispose();
    }
  });

  it('get no graph of a model that made its own engine, and keep what a graph brought there', async () => {
    const engine = await wasmEngine();
    const { a, layers } = await lines();
    const graph = (layer: Layer): object => ({ outputs: { y: mul(layer.weights[0]!, 2) } });
    expect(await rejection(engine.compile(graph(layers[0])))).toMatch(
      /^StateError: model: 'first\/kernel' lives on another engine: give its models the engine on which you use it/,
    );
    const other = line('other');
    const whole = compiled([layers[0], other], {}, still());
    const step = await engine.compile(graph(other));
    a.setWeights([kernel(6)]);
    expect((await whole.predict(ones)).data[0]).toBe(6);
    expect(engineOf(whole)).toBe(engine);
    step.run();
    expect((await step.read('y'))[0]).toBe(2);
    expect((await (await engine.compile(graph(layers[0]))).read('y')).length).toBe(1);
    for (const model of made) model.dispose();
    engine.dispose();
  });

  it.each([true, false])('are free to be replaced once they are disposed and the weights are set', async (isKnown) => {
    const engine = await wasmEngine();
    const { b, layers } = await lines();
    const given = compiled([line('given')], { engine }, still());
    await given.predict(ones);
    engine.dispose();
    const whole = compiled([...given.layers, layers[1]], {}, still());
    if (isKnown)
      expect(await rejection(whole.predict(ones))).toMatch(/^StateError: model: 'given\/kernel' was on an eng/);
    given.setWeights([kernel(6)]);
    expect(await rejection(given.predict(ones))).toMatch(/^StateError: engine: it was disposed/);
    expect((await whole.predict(ones)).data[0]).toBe(6);
    expect((await b.predict(ones)).data[0]).toBe(1);
  });
});

it('weights that are not finite are found where they have moved to', async () => {
  const { b, layers } = await lines();
  for (let time = 0; time < 2; time++) {
    b.setWeights([kernel(NaN)]);
    expect(await rejection(b.predict(ones))).toMatch(/^NonFiniteError: .*'second\/kernel'/);
    b.setWeights([kernel(1)]);
    await compiled(layers).predict(ones);
  }
});

it.each([
  ['first', 0],
  ['second', 1],
])('an engine that is lost, the %s, is an error for the joined model; the other one goes on', async (_, index) => {
  const { a, b, layers } = await lines();
  const [lost, healthy] = index === 0 ? [a, b] : [b, a];
  healthy.setWeights([kernel(4)]);
  await healthy.trainOnBatch(ones, wanted);
  const backend = engineOf(lost)['backend'];
  const fail = (): Promise<never> => Promise.reject(new BackendError('the device is lost'));
  Object.assign(backend, { read: fail, finished: fail });
  const whole = compiled(layers);
  for (let time = 0; time < 2; time++) {
    expect(await rejection(whole.predict(ones))).toBe('BackendError: the device is lost');
    expect(await rejection(lost.predict(ones))).toBe('BackendError: the device is lost');
    await healthy.trainOnBatch(ones, wanted);
    expect((await healthy.predict(ones)).data[0]).toBe(4);
  }
  expect(engineOf(healthy)).not.toBe(engineOf(lost));
});
