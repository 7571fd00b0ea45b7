/** Limits on the contents of a file, and layer graphs at these limits. */
import { describe, expect, it } from 'vitest';
import { input } from '../../../src/nn/symbolic-input.ts';
import { add } from '../../../src/nn/layers/add.ts';
import { flatten } from '../../../src/nn/layers/flatten.ts';
import { fileLimits } from '../../../src/files/limits.ts';
import { model as functional, sequential } from '../../../src/model/make-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { decodeSafetensors } from '../../../src/files/safetensors.ts';
import { save } from '../../../src/files/save.ts';
import { referenceEngine, rejection, thrown } from '../../support/models.ts';
import { chainOf, fileOf, graphOf, load, withHeader } from '../../support/model-files.ts';

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
    expect(file(trainedBy({}, metrics(mostMetrics)))).toContain("two results would be named 'mae'");
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
    // Two consecutive merges; each takes the previous result thousands of times.
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
