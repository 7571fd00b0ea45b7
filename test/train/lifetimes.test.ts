/** Runs during changes or disposal of a model: results are consistent, memory is freed after use, weights live on one engine. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradletError, StateError } from '../../src/core/errors.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { mul, sub } from '../../src/ops/elementwise/arithmetic.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { variable } from '../../src/ops/define.ts';
import { adam } from '../../src/optim/adam.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import { loadWeights } from '../../src/files/load.ts';
import { model as functional, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { saveWeights } from '../../src/files/save.ts';
import { allWeights, blobs, classifier, engines, rejection, wasmEngine } from '../support/models.ts';

const threaded = async (): Promise<Engine> => new Engine(await WasmBackend.create({ threads: 2 }));
const allEngines = [...engines, ['wasm with threads', threaded]] as const;

const rows = 500;
const ones = tensor(new Float32Array(rows).fill(1), [rows, 1]);
const wanted = tensor(new Float32Array(rows).fill(3), [rows, 1]);

/** Trains y = k · x in many small steps. */
function line(
  engine: Engine,
  layer = dense({ units: 1, useBias: false, kernelInitializer: 'ones', inputShape: [1] }),
): Model {
  const model = sequential([layer], { engine, seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'mse' });
  return model;
}

const kernel = (value: number): HostTensor => tensor([[value]]);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe.each(allEngines)('on %s', (_, create) => {
  it('all rows of a prediction come from the weights of its call, whatever is called meanwhile', async () => {
    const engine = await create();
    const calls = {
      setWeights: (model: Model, value: number) => model.setWeights([kernel(value)]),
      compile: (model: Model) => model.compile({ optimizer: 'adam', loss: 'mse' }),
      learningRate: (model: Model, value: number) => (model.learningRate = value / 1000),
      train: (model: Model) => void model.trainOnBatch(ones, wanted).catch(() => undefined),
      fit: (model: Model) => void model.fit(ones, wanted, { batchSize: 50, shuffle: false }).catch(() => undefined),
      dispose: (model: Model) => model.dispose(),
      wait: () => undefined,
    };
    type Name = keyof typeof calls;
    const names = Object.keys(calls) as Name[];
    const step = fc.tuple(
      fc.constantFrom<Name | 'predict' | 'evaluate' | 'getWeights'>(...names, 'predict', 'evaluate', 'getWeights'),
      fc.integer({ min: 2, max: 9 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), fc.boolean(), async (steps, pause) => {
        const before = engine.info;
        const layer = dense({ units: 1, useBias: false, kernelInitializer: 'ones', inputShape: [1] });
        const [model, sharing] = [line(engine, layer), line(engine, layer)];
        const results: Promise<void>[] = [];
        // During fit or trainOnBatch any value is possible; otherwise the result is uniquely determined.
        let expected: number | null = 1;
        let disposed = false;
        const answer = async (given: Promise<readonly number[]>, right: number | null): Promise<void> => {
          const values = await given;
          expect(new Set(values).size).toBe(1);
          if (right !== null) expect(values[0]).toBe(right);
        };
        for (const [index, [name, value]] of steps.entries()) {
          const on = index % 2 === 0 ? model : sharing;
          try {
            if (name === 'predict' || name === 'getWeights' || name === 'evaluate') {
              const own = expected;
              const numbers =
                name === 'predict'
                  ? on.predict(ones, { batchSize: 3 }).then(({ data }) => [...data])
                  : name === 'getWeights'
                    ? on.getWeights().then(([first]) => [...first!.data])
                    : on.evaluate(ones, wanted, { batchSize: 3 }).then(({ loss }) => [loss]);
              const right = name === 'evaluate' && own !== null ? (own - 3) ** 2 : own;
              results.push(
                answer(numbers, right).catch((error: unknown) => {
                  if (!(error instanceof StateError && disposed)) throw error;
                }),
              );
            } else {
              calls[name](on, value);
              if (name === 'setWeights' && expected !== null) expected = value;
              if (name === 'fit' || name === 'train') expected = null;
              disposed ||= name === 'dispose';
            }
          } catch (error) {
            expect(error).toBeInstanceOf(StateError);
          }
          if (pause) await turn();
        }
        await Promise.all(results);
        for (const each of [model, sharing]) {
          await rejection(each.fit(ones, wanted, { batchSize: rows })); // does not wait, but reports that the model is busy
          for (let busy = true; busy;) {
            await turn();
            try {
              each.dispose();
              busy = false;
            } catch (error) {
              expect(error).toBeInstanceOf(StateError);
            }
          }
        }
        await engine.finished();
        expect(engine.info.stateBytes).toBe(before.stateBytes);
        expect(engine.info.arenaBytes).toBe(before.arenaBytes);
      }),
      { numRuns: 12 },
    );
    engine.dispose();
  }, 60_000);

  it('a prediction that runs keeps the weights of a model that is disposed', async () => {
    const engine = await create();
    const model = line(engine);
    const before = engine.info;
    const running = model.predict(ones, { batchSize: 2 });
    await turn();
    model.dispose();
    const others = Array.from({ length: 50 }, () => variable([64], { initialize: () => new Float32Array(64).fill(9) }));
    engine.allocate(others);
    expect(new Set((await running).data)).toEqual(new Set([1]));
    engine.release(others);
    expect(engine.info).toEqual(before);
    expect(await rejection(model.predict(ones))).toMatch(/^StateError: predict: 'sequential' was disposed/);
  });

  it('an engine that is disposed ends what runs on it with an error', async () => {
    for (const call of ['predict', 'evaluate', 'fit', 'getWeights', 'save'] as const) {
      const engine = await create();
      const model = line(engine);
      await model.predict(ones);
      const running: Promise<unknown> =
        call === 'predict'
          ? model.predict(ones, { batchSize: 1 })
          : call === 'evaluate'
            ? model.evaluate(ones, wanted, { batchSize: 1 })
            : call === 'fit'
              ? model.fit(ones, wanted, { batchSize: 1, epochs: 50 })
              : call === 'save'
                ? model.save()
                : model.getWeights();
      const ended = running.then(
        () => null,
        (error: unknown) => error,
      );
      if (call === 'fit') await turn();
      engine.dispose();
      const error = await ended;
      if (error !== null) expect(error).toBeInstanceOf(GradletError);
      expect(await rejection(model.predict(ones))).toMatch(/^StateError: /);
      expect(await rejection(model.getWeights())).toMatch(/^StateError: /);
      model.dispose();
    }
  });

  it('a step by hand and the model train the same weights', async () => {
    const engine = await create();
    const layer = dense({ units: 1, useBias: false, kernelInitializer: 'ones', inputShape: [1] });
    const model = sequential([layer], { engine, seed: 1 });
    const weight = layer.weights[0]!;
    const given = kernel(5);
    model.setWeights([given]);
    given.data[0] = 77; // copied
    const loss = sum(mul(weight, weight));
    const step = await engine.compile({ updates: [[weight, sub(weight, mul(gradients(loss, [weight])[0]!, 0.25))]] });
    step.run(1);
    expect(await allWeights(model)).toEqual([2.5]);
    const bytes = await saveWeights(model);
    step.run(1);
    expect((await model.predict([[2]])).data[0]).toBe(2.5);
    loadWeights(model, bytes);
    step.run(2);
    expect(await allWeights(model)).toEqual([0.625]);
    model.setWeights([kernel(8)]);
    expect((await engine.read(weight))[0]).toBe(8);
    engine.dispose();
  });
});

describe('weights on two engines', () => {
  it('are refused, whether a graph or a model comes second', async () => {
    const [first, second] = [await wasmEngine(), await wasmEngine()];
    const layer = dense({ units: 1, inputShape: [1] });
    const model = sequential([layer], { engine: first });
    const graph = { outputs: { y: mul(layer.weights[0]!, 2) } };
    await second.compile(graph);
    expect(await rejection(model.predict([[1]]))).toMatch(
      /^StateError: model: 'dense\/kernel' lives on another engine/,
    );
    expect(await rejection(first.compile(graph))).toMatch(/^StateError: .* another engine/);
    model.dispose();
    const other = sequential([dense({ units: 1, inputShape: [1] })], { engine: first });
    await other.predict([[1]]);
    expect(await rejection(second.compile({ outputs: { y: mul(other.layers[0]!.weights[0]!, 2) } }))).toMatch(
      /^StateError: .* another engine/,
    );
  });

  it('models that share layers and make their engine at once get the same one', async () => {
    const x = input({ shape: [1] });
    const hidden = dense({ units: 2 }).apply(x);
    const [small, large] = [
      functional({ inputs: x, outputs: hidden }),
      functional({ inputs: x, outputs: dense({ units: 1 }).apply(hidden) }),
    ];
    await Promise.all([small.predict([[1]]), large.predict([[1]])]);
    small.dispose();
    expect((await large.predict([[1]])).shape).toEqual([1, 1]);
    large.dispose();
  });

  it('values set before a graph that does not compile are there for the next', async () => {
    const engine = await wasmEngine();
    const layer = dense({ units: 1, useBias: false, inputShape: [1] });
    const model = sequential([layer], { engine });
    model.setWeights([kernel(4)]);
    const huge = variable([2 ** 30], { name: 'huge' });
    await rejection(engine.compile({ outputs: { y: mul(layer.weights[0]!, 2), z: mul(huge, 2) } }));
    expect(await allWeights(model)).toEqual([4]);
    expect((await model.predict([[1]])).data[0]).toBe(4);
  });

  it('are of no use after the engine was disposed, until they are set', async () => {
    const engine = await wasmEngine();
    const layer = dense({ units: 1, useBias: false, inputShape: [1] });
    await sequential([layer], { engine }).predict([[1]]);
    engine.dispose();
    const model = sequential([layer], { engine: await wasmEngine() });
    expect(await rejection(model.predict([[1]]))).toMatch(/^StateError: model: 'dense\/kernel' was on an engine/);
    model.setWeights([kernel(4)]);
    expect((await model.predict([[1]])).data[0]).toBe(4);
  });
});

describe('setWeights', () => {
  it.each([
    ['null', null, 'ValueError'],
    ['another shape', [tensor([1, 2])], 'ShapeError'],
    ['another dtype', [tensor([[1]], undefined, 'int32')], 'ShapeError'],
    ['a list', [[1]], 'ValueError'],
    [
      'values of another length',
      [Object.assign(Object.create(kernel(1)), { data: new Float32Array(2), shape: [1, 1] })],
      'ShapeError',
    ],
    [
      'values of another dtype',
      [Object.assign(Object.create(kernel(1)), { data: new Int32Array(1), shape: [1, 1] })],
      'ShapeError',
    ],
  ])('refuses %s, before and after there is an engine', async (_, given, name) => {
    const model = line(await wasmEngine());
    for (let time = 0; time < 2; time++) {
      let error: unknown;
      try {
        model.setWeights(given as never);
      } catch (thrown) {
        error = thrown;
      }
      expect((error as Error | undefined)?.name).toBe(name);
      expect((await model.predict([[1]])).data[0]).toBe(1);
    }
  });
});

it('values that were set while a prediction runs are those of the call, whatever becomes of the arrays', async () => {
  const model = line(await wasmEngine());
  const running = model.predict(ones, { batchSize: 1 });
  const given = new Float32Array([5]);
  model.setWeights([tensor(given, [1, 1])]);
  given[0] = 7;
  expect(new Set((await running).data)).toEqual(new Set([1]));
  expect(await allWeights(model)).toEqual([5]);
});

it('a model is busy until its fit ends, however many calls are refused', async () => {
  const model = line(await wasmEngine());
  const running = model.fit(ones, wanted, { epochs: 3, batchSize: 1 });
  for (let call = 0; call < 3; call++) {
    expect(await rejection(model.fit(ones, wanted))).toMatch(/^StateError: fit: .* is busy with fit/);
    expect(await rejection(model.trainOnBatch(ones, wanted))).toMatch(/^StateError: trainOnBatch: .* is busy with fit/);
  }
  expect((await running).epoch).toEqual([0, 1, 2]);
  await model.trainOnBatch(ones, wanted);
});

describe('stopTraining', () => {
  const { x, y } = blobs(24);

  it.each(['at once', 'after a microtask', 'after a turn', 'while it validates'])('ends a fit %s', async (when) => {
    const model = classifier({ engine: await wasmEngine() });
    const options = { epochs: 4000, validationSplit: 0.5, batchSize: 1 };
    const running = model.fit(x, y, options);
    if (when === 'after a microtask') await Promise.resolve();
    if (when === 'after a turn') await turn();
    if (when === 'while it validates') for (let turns = 0; turns < 12; turns++) await turn();
    model.stopTraining = true;
    expect((await running).epoch.length).toBeLessThan(when === 'at once' ? 1 : 4000);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });

  it('is not set back by a fit that is refused', async () => {
    const model = classifier({ engine: await wasmEngine() });
    const running = model.fit(x, y, { epochs: 4000 });
    model.stopTraining = true;
    expect(await rejection(model.fit(x, y))).toMatch(/^StateError: fit: .* is busy/);
    expect((await running).epoch).toEqual([]);
  });
});

describe('one optimizer', () => {
  it('for two models is two states and two rates, and a second compile starts anew', async () => {
    const engine = await wasmEngine();
    const optimizer = adam({ learningRate: 0.1 });
    const make = (given = optimizer): Model => {
      const model = line(engine);
      model.compile({ optimizer: given, loss: 'mse' });
      return model;
    };
    const alone = make(adam({ learningRate: 0.1 }));
    const [a, b] = [make(), make()];
    await a.fit(ones, wanted, { epochs: 3, shuffle: false });
    a.learningRate = 0.5;
    for (const model of [b, alone]) await model.fit(ones, wanted, { epochs: 2, shuffle: false });
    expect(b.learningRate).toBe(0.1);
    expect(await allWeights(b)).toEqual(await allWeights(alone));
    for (const model of [b, alone]) {
      model.compile({ optimizer: model === b ? optimizer : adam({ learningRate: 0.1 }), loss: 'mse' });
      await model.fit(ones, wanted, { epochs: 2, shuffle: false });
    }
    expect(await allWeights(b)).toEqual(await allWeights(alone));
    expect(optimizer.slots()).toEqual([]);
    a.dispose();
    await b.fit(ones, wanted);
  });
});

describe('trainOnBatch of large data', () => {
  it('builds its program once, and memory is given back', async () => {
    const engine = await wasmEngine();
    const before = engine.info;
    const samples = 2 ** 19;
    const [x, y] = [tensor(new Float32Array(samples), [samples, 1]), tensor(new Float32Array(samples), [samples, 1])];
    const model = line(engine);
    const compiled: unknown[] = [];
    const compile = engine.compile.bind(engine);
    engine.compile = (...given: Parameters<Engine['compile']>) => {
      compiled.push(given);
      return compile(...given);
    };
    for (let step = 0; step < 3; step++) await model.trainOnBatch(x, y);
    expect(compiled).toHaveLength(1);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.trainOnBatch(x, y);
    expect(compiled).toHaveLength(2);
    model.dispose();
    expect(engine.info).toEqual(before);
  });

  it('keeps the last program whatever its size, and no more than 64 MiB beside it', async () => {
    const engine = await wasmEngine();
    const model = line(engine);
    const bytes = async (samples: number): Promise<number> => {
      await model.predict(tensor(new Float32Array(samples), [samples, 1]), { batchSize: 2 ** 16 });
      return engine.info.stateBytes;
    };
    await bytes(2 ** 21);
    const large = await bytes(12 * 2 ** 20);
    expect(large).toBeGreaterThan(48 * 2 ** 20);
    await bytes(8 * 2 ** 20);
    expect(engine.info.stateBytes).toBeLessThan(large);
    for (let samples = 1; samples < 12; samples++) await bytes(samples);
    expect(engine.info.stateBytes).toBeLessThan(2 ** 20);
  });
});
