/** Dropout in every layer that has it: each call in a graph draws a different mask; rebuilt graphs draw the same. */
import { describe, expect, test } from 'vitest';
import { keyFromSeed } from '../../src/core/random.ts';
import type { Shape } from '../../src/core/shape.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import type { CallContext, Layer } from '../../src/nn/layer.ts';
import { add } from '../../src/nn/layers/add.ts';
import { bidirectional } from '../../src/nn/layers/bidirectional.ts';
import { concatenate } from '../../src/nn/layers/concatenate.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { gru } from '../../src/nn/layers/gru.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { simpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { constant } from '../../src/ops/define.ts';
import { Topology } from '../../src/nn/topology.ts';
import { built, context, tensor, valuesOf } from './support.ts';

const sample: Shape = [3, 8];
const ones = tensor(Array<number>(48).fill(1), [2, ...sample]);
const shared = { returnSequences: true } as const;

/** Every layer that draws masks, without and with a layer seed. */
const layers: readonly (readonly [string, (seed?: number) => Layer])[] = [
  ['dropout', (seed) => dropout({ rate: 0.5, ...(seed && { seed }) })],
  [
    'simpleRNN',
    (seed) => simpleRNN({ ...shared, units: 4, dropout: 0.5, activation: 'linear', ...(seed && { seed }) }),
  ],
  ['lstm, its states', (seed) => lstm({ ...shared, units: 9, recurrentDropout: 0.5, ...(seed && { seed }) })],
  ['gru', (seed) => gru({ ...shared, units: 4, dropout: 0.5, ...(seed && { seed }) })],
  ['timeDistributed', (seed) => timeDistributed(dropout({ rate: 0.5, ...(seed && { seed }) }))],
  ['bidirectional', (seed) => bidirectional(lstm({ ...shared, units: 4, dropout: 0.5, ...(seed && { seed }) }))],
];

/** Calls the layer twice in a model; returns both outputs in training step `step`. */
function twice(layer: Layer): (step?: 0 | 1) => number[][] {
  const place = input({ shape: sample });
  const ends = [layer.apply(place), layer.apply(place)];
  const topology = new Topology([place], [concatenate().apply(ends)]);
  topology.build(keyFromSeed(1));
  const steps = [context(true, 0), context(true, 1)];
  return (step = 0) => {
    const { layerOutputs } = topology.forward([ones], steps[step]!, new Set(topology.layers));
    return layerOutputs.filter(({ name }) => name === topology.names.get(layer)).map(({ node }) => valuesOf(node));
  };
}

describe.each(layers)('%s', (_, make) => {
  test.each([undefined, 5])('called twice draws two masks, the same in every program, seed %s', (seed) => {
    const outputs = twice(make(seed));
    const [first, second] = outputs();
    expect(first).not.toEqual(second);
    expect(outputs()).toEqual([first, second]);
    expect(twice(make(seed))()).toEqual([first, second]);
    const later = outputs(1);
    for (const other of [first, second]) expect(later).not.toContainEqual(other);
  });

  test('called by hand draws two masks, whether the calls share a context or only the counter', () => {
    const layer = built(make(), sample);
    const one = context(true);
    const { iterations } = one;
    const contexts: CallContext[] = [one, one, { training: true, iterations }, { ...one }];
    const values = contexts.map((each) => valuesOf(layer.callAll([ones], each, [])[0]!).join());
    expect(new Set(values).size).toBe(4);
    const again = { training: true, iterations: constant(0, [], 'int32') };
    expect(valuesOf(layer.callAll([ones], again, [])[0]!).join()).toBe(values[0]);
  });
});

test('the masks of two calls are independent: as many elements agree as by chance', () => {
  const layer = dropout({ rate: 0.5 });
  const place = input({ shape: [4000] });
  const topology = new Topology([place], [add().apply([layer.apply(place), layer.apply(place)])]);
  topology.build(keyFromSeed(2));
  const rows = tensor(Array<number>(4000).fill(1), [1, 4000]);
  const sums = valuesOf(topology.forward([rows], context(true), new Set([layer])).outputs[0]!);
  for (const [sum, share] of [
    [0, 0.25],
    [2, 0.5],
    [4, 0.25],
  ] as const) {
    expect(sums.filter((value) => value === sum).length / 4000).toBeCloseTo(share, 1);
  }
});

test('the two directions of a bidirectional layer draw two masks, with a seed too', () => {
  const options = { dropout: 0.5, activation: 'linear', kernelInitializer: 'ones', seed: 4 } as const;
  const layer = bidirectional(simpleRNN({ ...shared, ...options, units: 1 }), { mergeMode: null });
  layer.build([[1, 40]], keyFromSeed(1));
  const rows = tensor(Array<number>(40 * 16).fill(1), [16, 1, 40]);
  const [forward, backward] = layer.callAll([rows], context(true), []);
  expect(valuesOf(forward!)).not.toEqual(valuesOf(backward!));
});
