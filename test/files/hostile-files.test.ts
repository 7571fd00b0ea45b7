/** Files from untrusted sources: limits, truncation, flipped bits and changed fields give a model or a FormatError, nothing else. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Initializer } from '../../src/nn/initializers/initializers.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import type { LayerRegistry } from '../../src/nn/layer-registry.ts';
import { add } from '../../src/nn/layers/add.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { adam } from '../../src/optim/adam.ts';
import { linearWarmup, piecewiseConstant } from '../../src/optim/schedules.ts';
import { tensor } from '../../src/data/tensor.ts';
import { fileLimits } from '../../src/files/limits.ts';
import { parseJson } from '../../src/files/json.ts';
import { loadModel, loadWeights } from '../../src/files/load.ts';
import { model as functional, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { save, saveWeights } from '../../src/files/save.ts';
import { allWeights, referenceEngine, rejection, thrown, wasmEngine } from '../support/models.ts';

const layers = layerRegistry;
const load = (file: Uint8Array): Model => loadModel(file, { layers, engine: referenceEngine() });

/** A model file without tensors. */
const fileOf = (architecture: object): Uint8Array =>
  encodeSafetensors(new Map(), new Map([['gradlet', JSON.stringify(architecture)]]));

const chainOf = (count: number, config: object = {}): object => ({
  format: 'gradlet-model',
  version: 1,
  name: 'm',
  seed: 1,
  inputShape: [2],
  layers: Array.from({ length: count }, () => ({ kind: 'flatten', config })),
  graph: null,
  training: null,
});

/** One layer called `calls` times in a row, the last call by a merge of `inputs` inputs. */
const graphOf = (calls: number, inputs: number): object => ({
  ...chainOf(0),
  inputShape: null,
  layers: [{ kind: 'input', config: { shape: [2] } }, ...['flatten', 'add'].map((kind) => ({ kind, config: {} }))],
  graph: {
    calls: [
      { layer: 0, inputs: [] },
      ...Array.from({ length: calls - 2 }, (_, index) => ({ layer: 1, inputs: [index] })),
      { layer: 2, inputs: new Array<number>(inputs).fill(calls - 2) },
    ],
    inputs: [0],
    output: calls - 1,
  },
});

const trainedBy = (optimizer: object, metrics: readonly string[] = []): object => ({
  ...chainOf(1),
  training: { optimizer: { name: 'sgd', config: optimizer }, loss: 'mse', metrics },
});

const scheduleOf = (pieces: number): object => ({
  learningRate: {
    name: 'piecewiseConstant',
    config: { boundaries: [...new Array(pieces - 1).keys()], values: new Array<number>(pieces).fill(0.5) },
  },
});

describe('limits', () => {
  it.each<[string, number, (count: number) => object]>([
    ['layers', fileLimits.layers, (count) => chainOf(count)],
    ['calls', fileLimits.calls, (count) => graphOf(count, 2)],
    ['inputs', fileLimits.connections - 10, (count) => graphOf(12, count)],
    ['characters of a name', fileLimits.name, (count) => ({ ...chainOf(1), name: 'n'.repeat(count) })],
    ['characters of a layer’s name', fileLimits.name, (count) => chainOf(1, { name: 'n'.repeat(count) })],
  ])('of %s', (_, limit, make) => {
    expect(load(fileOf(make(limit))).countParams()).toBe(0);
    expect(thrown(() => load(fileOf(make(limit + 1))))).toMatch(
      /^FormatError: model file: there are .* at most \d+ are read$/,
    );
  });

  it('of metrics and of lists of an optimizer’s settings', () => {
    const file = (architecture: object): string => thrown(() => load(fileOf(architecture)));
    const metrics = (count: number): string[] => new Array<string>(count).fill('mae');
    const { metrics: mostMetrics, list } = fileLimits;
    expect(file(trainedBy({}, metrics(mostMetrics)))).toContain("two numbers would be called 'mae'");
    expect(file(trainedBy({}, metrics(mostMetrics + 1)))).toContain('at most 64 are read');
    expect(file(trainedBy(scheduleOf(list)))).toContain("'optimizer/0/iterations' is missing");
    expect(file(trainedBy(scheduleOf(list + 1)))).toContain('at most 256 are read');
    const excluded = (count: number): object => ({ excludeFromWeightDecay: new Array<string>(count).fill('bias') });
    expect(file(trainedBy(excluded(list)))).toContain("'optimizer/0/iterations' is missing");
    expect(file(trainedBy(excluded(list + 1)))).toContain('at most 256 are read');
  });

  it('hold for what is saved', async () => {
    const chain = (count: number): Model => {
      const stack = [flatten({ inputShape: [2] }), ...Array.from({ length: count - 1 }, () => flatten())];
      return sequential(stack, { engine: referenceEngine() });
    };
    expect(load(await save(chain(fileLimits.layers))).layers.length).toBe(fileLimits.layers);
    expect(await rejection(save(chain(fileLimits.layers + 1)))).toMatch(/^FormatError: .*at most 4096 are read$/);
  });

  it('keep messages short, whatever a file holds', () => {
    const long = 'n'.repeat(100_000);
    const many = new Array<number>(100_000).fill(1);
    const dense1 = { kind: 'dense', config: { units: 1 } };
    const faults = [
      { ...chainOf(1), format: long },
      { ...chainOf(1), inputShape: many },
      { ...chainOf(0), layers: [{ kind: long, config: {} }] },
      { ...chainOf(0), layers: [{ kind: 'reshape', config: { targetShape: many } }] },
      { ...chainOf(0), layers: [{ kind: 'dense', config: { units: { [long]: 1 } } }] },
      { ...chainOf(0), layers: [{ kind: 'dense', config: { units: 1, activation: long } }] },
      { ...chainOf(0), layers: [dense1], inputShape: [1] },
      graphOf(3, 1),
    ];
    for (const fault of faults) expect(thrown(() => load(fileOf(fault)))).toMatch(/^FormatError: [^]{1,600}$/);
    for (const header of [
      `{"${long}":1}`,
      `{"a":1,"${long}":0,"${long}":0}`,
      `{"a":{"dtype":"${long}"}}`,
      `{"a":{"${long}":1}}`,
    ]) {
      expect(thrown(() => decodeSafetensors(withHeader(header)))).toMatch(/^FormatError: .{1,200}$/);
    }
  });
});

describe('sizes that a file only declares', () => {
  /** A registry whose layers draw by `draw`. */
  const counting = (draw: Initializer['create']): LayerRegistry => {
    const counter = { name: 'zeros', config: {}, create: draw } as Initializer;
    const instead =
      (kind: string, names: readonly string[]) =>
      (config: object, registry: LayerRegistry): ReturnType<(typeof layers)[string]> =>
        layers[kind]!({ ...config, ...Object.fromEntries(names.map((name) => [name, counter])) }, registry);
    const names = ['kernelInitializer', 'biasInitializer'];
    return { dense: instead('dense', names), lstm: instead('lstm', [...names, 'recurrentInitializer']) };
  };

  it('are compared with its tensors before any value is made', () => {
    const never = counting(() => expect.fail('drawn'));
    const declared = (layer: object, inputShape: number[]): string => {
      const file = fileOf({
        ...chainOf(0),
        inputShape,
        layers: [layer],
        training: { optimizer: { name: 'adam', config: {} }, loss: 'mse', metrics: [] },
      });
      return thrown(() => loadModel(file, { layers: never }));
    };
    expect(declared({ kind: 'dense', config: { units: 1e9 } }, [2])).toContain("'dense/kernel' is missing");
    expect(declared({ kind: 'dense', config: { units: 2 ** 31 } }, [2])).toContain('at most 2^31 − 1 are addressable');
    expect(declared({ kind: 'lstm', config: { units: 2e4 } }, [2, 2])).toContain("'lstm/kernel' is missing");
    expect(declared({ kind: 'lstm', config: { units: 1e6 } }, [2, 2])).toContain('at most 2^31 − 1 are addressable');
  });

  it('are not drawn for a model whose weights come from a file or from setWeights', async () => {
    let draws = 0;
    const registry = counting((shape) => {
      draws++;
      return new Float32Array(sizeOf(shape));
    });
    const engine = await wasmEngine();
    const first = sequential([lstm({ units: 3, inputShape: [4, 2] }), dense({ units: 2 })], { engine, seed: 1 });
    first.compile({ optimizer: adam(), loss: 'mse' });
    const [x, y] = [tensor(new Float32Array(16).fill(0.5), [2, 4, 2]), tensor(new Float32Array(4), [2, 2])];
    await first.fit(x, y);
    const expected = (await first.predict(x)).data;
    const stack = (): Layer[] => first.layers.map((layer) => registry[layer.kind]!(layer.config(), registry));

    const loaded = loadModel(await save(first), { layers: registry, engine: await wasmEngine() });
    expect((await loaded.predict(x)).data).toEqual(expected);
    await loaded.fit(x, y);
    await save(loaded);
    const withWeights = sequential(stack(), { engine: await wasmEngine() });
    loadWeights(withWeights, await saveWeights(first));
    expect((await withWeights.predict(x)).data).toEqual(expected);
    const withArrays = sequential(stack(), { engine: await wasmEngine() });
    withArrays.setWeights(await first.getWeights());
    expect((await withArrays.predict(x)).data).toEqual(expected);
    expect(draws).toBe(0);
    await sequential(stack(), { engine: await wasmEngine() }).predict(x);
    expect(draws).toBe(5);
  });
});

it('values that take long are drawn in steps, between which the event loop has its turn', async () => {
  const now = vi.spyOn(performance, 'now');
  let time = 0;
  now.mockImplementation(() => (time += 1000));
  let [turns, steps] = [0, 0];
  const turn = (): void => {
    turns++;
    if (steps < 5) setImmediate(turn);
  };
  const slow: Initializer = {
    name: 'zeros',
    config: {},
    create: () => expect.fail('drawn at once'),
    *createInSteps(shape) {
      for (; steps < 5; steps++) yield;
      return new Float32Array(sizeOf(shape)).fill(2);
    },
  };
  const model = sequential([dense({ units: 1, kernelInitializer: slow, inputShape: [3] })], {
    engine: await wasmEngine(),
  });
  setImmediate(turn);
  const prediction = await model.predict(tensor([[1, 1, 1]]));
  now.mockRestore();
  expect([...prediction.data]).toEqual([6]);
  expect(turns).toBeGreaterThanOrEqual(5);
});

/** A file of this header alone. */
function withHeader(header: string): Uint8Array {
  const encoded = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + encoded.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, 8);
  return file;
}

/** Branches, a schedule, several outputs, a layer within a layer: most of what a file can describe. */
async function sample(): Promise<Uint8Array> {
  const x = input({ shape: [3, 2], name: 'x' });
  const [, state] = lstm({ units: 2, returnState: true }).apply(x) as unknown as (typeof x)[];
  const inner = layers['timeDistributed']!({ layer: { kind: 'dense', config: { units: 2 } } }, layers).apply(x);
  const flat = dense({ units: 2, useBias: false }).apply(flatten().apply(inner));
  const model = functional({ inputs: x, outputs: add().apply([state!, flat]), engine: referenceEngine(), seed: 1 });
  const after = piecewiseConstant({ boundaries: [2, 4], values: [0.1, 0.2, 0.3] });
  const learningRate = linearWarmup({ warmupSteps: 3, after });
  model.compile({ optimizer: adam({ learningRate }), loss: 'mse', metrics: ['mae'] });
  return save(model);
}

/** What `read` throws must be a FormatError; gives whether it threw. */
function refused(read: () => unknown): boolean {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return true;
  }
  return false;
}

describe('a damaged file', () => {
  it('is refused when cut off, at every length', async () => {
    const file = await sample();
    for (let length = 0; length < file.length; length++) {
      const cut = file.slice(0, length);
      expect(refused(() => decodeSafetensors(cut))).toBe(true);
      if (length % 16 === 0) expect(refused(() => load(cut))).toBe(true);
    }
    expect(refused(() => load(Uint8Array.of(...file, 0)))).toBe(true);
  });

  it('loads or is refused with any bit of its header flipped', async () => {
    const file = await sample();
    const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    for (let at = 0; at < header; at++) {
      file[at]! ^= 1 << (at % 8);
      refused(() => load(file));
      file[at]! ^= 1 << (at % 8);
    }
    expect(refused(() => load(file))).toBe(false);
  });

  it('leaves a model as it was when its weights do not load', async () => {
    const make = (seed: number): Model => {
      const model = sequential([dense({ units: 2, inputShape: [2] }), dense({ units: 1 })], {
        engine: referenceEngine(),
        seed,
      });
      model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'mse' });
      return model;
    };
    const [x, y] = [tensor([[1, 2]]), tensor([[1]])];
    const model = make(1);
    await model.fit(x, y, { epochs: 2 });
    const before = await save(model);
    const file = await saveWeights(make(2));
    const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    for (let at = 0; at < header; at++) {
      const damaged = file.slice();
      damaged[at]! ^= 1 << (at % 8);
      if (refused(() => loadWeights(model, damaged))) continue;
      loadWeights(model, await saveWeights(load(before))); // a flip that changes nothing, such as in white space
    }
    for (let length = 0; length < file.length; length++) {
      expect(refused(() => loadWeights(model, file.slice(0, length)))).toBe(true);
    }
    expect(await save(model)).toEqual(before);
    loadWeights(model, file);
    expect(await allWeights(model)).toEqual(await allWeights(make(2)));
  });

  it('loads or is refused, whatever its architecture becomes', async () => {
    const { tensors, metadata } = decodeSafetensors(await sample());
    const text = metadata.get('gradlet')!;
    // Every value of the architecture, and what may stand in its place: another of its values, doubled, or junk.
    const pieces = text.match(/"[^"]*"|-?[0-9.]+|true|false|null|[{}[\]:,]/g)!;
    const junk = [
      '1e999',
      '-0',
      '-1',
      '0.5',
      '1e9',
      '"__proto__"',
      '"\\ud800"',
      '{"__proto__":[]}',
      '[[[[]]]]',
      '{}',
      '[]',
      'null',
      '""',
    ];
    const places = pieces.flatMap((piece, index) => (/^[{}[\]:,]$/.test(piece) ? [] : [index]));
    const place = fc.constantFrom(...places);
    const value = fc.oneof(
      fc.constantFrom(...junk),
      fc.json({ maxDepth: 2 }),
      fc.constantFrom(...pieces.filter((piece) => piece.length > 1)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = [...pieces];
        for (const [index, piece] of changes) changed[index] = piece;
        const file = encodeSafetensors(tensors, new Map([['gradlet', changed.join('')]]));
        refused(() => load(file));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused for a rate or steps of training that are none', async () => {
    const model = sequential([dense({ units: 1, inputShape: [1] })], { engine: referenceEngine() });
    model.compile({ optimizer: adam({ learningRate: 0.25 }), loss: 'mse' });
    const { tensors, metadata } = decodeSafetensors(await save(model));
    const withRate = (rate: number): Uint8Array =>
      encodeSafetensors(
        new Map([...tensors, ['optimizer/1/learningRate', tensor(Float32Array.of(rate), [])]]),
        metadata,
      );
    expect(load(withRate(0.125)).learningRate).toBe(0.125);
    for (const rate of [NaN, Infinity, -1]) {
      expect(thrown(() => load(withRate(rate)))).toContain('expected a finite number ≥ 0');
    }
  });
});

describe('a graph of layers', () => {
  it('lists each input once', () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
    const outputs = add().apply([a, b]);
    expect(thrown(() => functional({ inputs: [a, b, a], outputs }))).toContain(
      'ValueError: model: an input is listed twice',
    );
  });

  it('reads a layer that feeds another many times', () => {
    const wide = graphOf(3, 2) as { layers: object[]; graph: { calls: object[]; inputs: number[]; output: number } };
    // Two merges in a row, each fed thousands of times by the one before.
    wide.layers = [wide.layers[0]!, ...[0, 1].map(() => ({ kind: 'add', config: {} }))];
    const fed = (from: number): number[] => new Array<number>(8000).fill(from);
    wide.graph.calls = [{ layer: 0, inputs: [] }, ...[0, 1].map((from) => ({ layer: from + 1, inputs: fed(from) }))];
    wide.graph.output = 2;
    expect(load(fileOf(wide)).layers.length).toBe(2);
  });

  it('numbers layers without names past those that are taken', () => {
    const named = ['', 'flatten', '', 'flatten_2', ''].map((name) => flatten({ name, inputShape: [2] }));
    expect(sequential(named).layers.map(({ name }) => name)).toEqual([
      'flatten_1',
      'flatten',
      'flatten_3',
      'flatten_2',
      'flatten_4',
    ]);
  });

  it('has only shapes that a tensor can have', () => {
    const reshaped = (targetShape: number[]): string =>
      thrown(() =>
        load(fileOf({ ...chainOf(0), inputShape: [1], layers: [{ kind: 'reshape', config: { targetShape } }] })),
      );
    expect(reshaped([1, 1, 1, 1, 1, 1, 1, 1])).toBe('no error');
    expect(reshaped([1, 1, 1, 1, 1, 1, 1, 1, 1])).toMatch(/^FormatError: .* at most 8 axes are supported$/);
  });
});

describe('the JSON of a file', () => {
  it('may hold a text of millions of characters', () => {
    const long = 'é\u4e00\\n'.repeat(2e6);
    expect((parseJson('test', `["${long}"]`) as string[])[0]!.length).toBe(6e6);
  });

  it('must hold numbers that float64 can', () => {
    expect(parseJson('test', '1e308')).toBe(1e308);
    expect(parseJson('test', '-0')).toBe(-0);
    expect(thrown(() => parseJson('test', '[1e309]'))).toContain("the number '1e309' is beyond the range of float64");
    expect(parseJson('test', `0.${'1'.repeat(510)}`)).toBeCloseTo(1 / 9, 12);
    expect(thrown(() => parseJson('test', '1'.repeat(513)))).toContain('a number of more than 512 characters');
  });

  it('may have any name, also twice in different objects', () => {
    const json = parseJson('test', '{"__proto__":{"__proto__":1},"\\ud800":[{},{},[],[]]}') as ReadonlyMap<
      string,
      unknown
    >;
    expect([...json.keys()]).toEqual(['__proto__', '\ud800']);
    expect((json.get('__proto__') as ReadonlyMap<string, unknown>).get('__proto__')).toBe(1);
    expect(thrown(() => parseJson('test', '{"a":1,"\\u0061":2}'))).toContain("key 'a' is given twice");
  });

  it('may be 64 deep', () => {
    const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson('test', deep(65))).toHaveLength(1);
    expect(thrown(() => parseJson('test', deep(67)))).toContain('nested more than 64 deep');
  });
});
