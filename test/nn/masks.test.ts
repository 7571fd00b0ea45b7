/** Masks: the layers that propagate, use, combine and drop them. */
import { describe, expect, test } from 'vitest';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { orthogonal, randomNormal } from '../../src/nn/initializers/initializers.ts';
import type { Layer, Mask } from '../../src/nn/layer.ts';
import { activation } from '../../src/nn/layers/activation.ts';
import { add } from '../../src/nn/layers/add.ts';
import { average } from '../../src/nn/layers/average.ts';
import { batchNormalization } from '../../src/nn/layers/batch-normalization.ts';
import { bidirectional } from '../../src/nn/layers/bidirectional.ts';
import { concatenate } from '../../src/nn/layers/concatenate.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { gru } from '../../src/nn/layers/gru.ts';
import { layerNormalization } from '../../src/nn/layers/layer-normalization.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { multiply } from '../../src/nn/layers/multiply.ts';
import { reshape } from '../../src/nn/layers/reshape.ts';
import { simpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { constant } from '../../src/ops/define.ts';
import { Topology } from '../../src/nn/topology.ts';
import { keyFromSeed } from '../../src/core/random.ts';
import { context, integers, tensor, valuesOf } from './support.ts';

const zeros = (shape: Shape): Node => constant(0, shape);
const one = tensor([1, 1, 0, 1, 0, 0], [2, 3]);
const other = tensor([0, 1, 0, 1, 1, 0], [2, 3]);
const shown = (masks: readonly Mask[]): unknown => masks.map((mask) => mask && [mask.shape, valuesOf(mask)]);
const masksOf = (layer: Layer, inputs: readonly Node[], masks: readonly Mask[]): unknown =>
  shown(layer.computeMask(inputs, masks));

describe('what a layer makes of a mask', () => {
  const x = zeros([2, 3, 4]);

  test.each([
    dense({ units: 2 }),
    activation({ activation: 'relu' }),
    dropout({ rate: 0.5 }),
    layerNormalization(),
    batchNormalization(),
    timeDistributed(dense({ units: 2 })),
    lstm({ units: 2, returnSequences: true }),
    bidirectional(gru({ units: 2, returnSequences: true })),
  ])('$kind hands it on', (layer) => {
    expect(layer.computeMask([x], [one])).toEqual([one]);
  });

  test.each([
    flatten(),
    reshape({ targetShape: [12] }),
    lstm({ units: 2 }),
    simpleRNN({ units: 2 }),
    bidirectional(gru({ units: 2 })),
  ])('$kind drops it', (layer) => {
    expect(layer.computeMask([x], [one])).toEqual([]);
  });

  test('without a mask there is none', () => {
    for (const layer of [dense({ units: 2 }), lstm({ units: 2, returnSequences: true }), flatten()]) {
      expect(layer.computeMask([x], [undefined]).every((mask) => mask === undefined)).toBe(true);
    }
  });

  test('a recurrent layer that goes backwards turns it as it turns its output', () => {
    const backwards = lstm({ units: 2, returnSequences: true, goBackwards: true });
    expect(masksOf(backwards, [x], [one])).toEqual([
      [
        [2, 3],
        [0, 1, 1, 0, 0, 1],
      ],
    ]);
  });

  test('only the output of a recurrent layer has it, not the states; of two outputs both', () => {
    const both = bidirectional(lstm({ units: 2, returnSequences: true }), { mergeMode: null });
    expect(both.computeMask([x], [one])).toEqual([one, one]);
    expect(lstm({ units: 2, returnSequences: true, returnState: true }).computeMask([x], [one])).toEqual([one]);
  });

  test.each([add(), multiply(), average(), concatenate()])(
    '$kind counts a step that any of its inputs counts',
    (layer) => {
      expect(masksOf(layer, [x, x], [one, other])).toEqual([
        [
          [2, 3],
          [1, 1, 0, 1, 1, 0],
        ],
      ]);
      expect(masksOf(layer, [x, x], [one, undefined])).toEqual([undefined]);
      expect(masksOf(layer, [x, x], [undefined, undefined])).toEqual([undefined]);
    },
  );

  test('concatenate along the steps joins the masks', () => {
    const layer = concatenate({ axis: 1 });
    expect(masksOf(layer, [x, x], [one, other])).toEqual([
      [
        [2, 6],
        [1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0],
      ],
    ]);
    expect(masksOf(layer, [x, zeros([2, 1, 4])], [one, undefined])).toEqual([
      [
        [2, 4],
        [1, 1, 0, 1, 1, 0, 0, 1],
      ],
    ]);
    expect(masksOf(layer, [x, x], [undefined, undefined])).toEqual([undefined]);
  });

  test('timeDistributed gives the layer inside what lies inside a step', () => {
    const words = tensor([1, 1, 0, 0, 0, 0, 1, 0], [2, 2, 2]);
    const deep = zeros([2, 2, 2, 3]);
    // Each step is itself a sequence: a step without words is padding.
    expect(masksOf(timeDistributed(lstm({ units: 2 })), [deep], [words])).toEqual([
      [
        [2, 2],
        [1, 0, 0, 1],
      ],
    ]);
    expect(masksOf(timeDistributed(dense({ units: 2 })), [deep], [words])).toEqual([[[2, 2, 2], valuesOf(words)]]);
  });
});

describe('through a model', () => {
  const ids = integers([1, 2, 3, 0, 0, 3, 1, 0, 0, 0], [2, 5]);

  /** The outputs of the model of `build` for sequences of token ids. */
  function run(build: (words: ReturnType<typeof input>) => ReturnType<Layer['apply']>, words: Node): number[] {
    const start = input({ shape: words.shape.slice(1), dtype: 'int32' });
    const topology = new Topology([start], [build(start)]);
    topology.build(keyFromSeed(3));
    return valuesOf(topology.forward([words], context(false)).outputs[0]!);
  }

  const table = { inputDim: 4, outputDim: 3, embeddingsInitializer: randomNormal({ seed: 1 }) } as const;
  // Fixed seeds, so that the layers before do not matter.
  const cell = {
    units: 3,
    kernelInitializer: randomNormal({ seed: 2 }),
    recurrentInitializer: orthogonal({ seed: 3 }),
  };

  test('zeros behind the end change nothing, through dense, dropout and normalization', () => {
    const build = (words: ReturnType<typeof input>): ReturnType<Layer['apply']> => {
      const layers = [
        embedding({ ...table, maskZero: true }),
        dense({ units: 3, activation: 'tanh' }),
        dropout({ rate: 0.5 }),
        layerNormalization(),
        timeDistributed(dense({ units: 3 })),
        lstm({ units: 3, returnSequences: true }),
        bidirectional(gru({ units: 3 })),
      ];
      return layers.reduce((place, layer) => layer.apply(place), words);
    };
    const padded = run(build, ids);
    const first = run(build, integers([1, 2, 3], [1, 3]));
    const second = run(build, integers([3, 1], [1, 2]));
    expect(padded).toEqual([...first, ...second]);
  });

  test('without maskZero they change much', () => {
    const build = (words: ReturnType<typeof input>): ReturnType<Layer['apply']> =>
      lstm({ units: 3 }).apply(embedding(table).apply(words));
    expect(run(build, ids).slice(0, 3)).not.toEqual(run(build, integers([1, 2, 3], [1, 3])));
  });

  test('a layer that drops the mask ends it: reshape', () => {
    const build =
      (layers: readonly Layer[]) =>
      (words: ReturnType<typeof input>): ReturnType<Layer['apply']> => {
        const place = embedding({ ...table, maskZero: true }).apply(words);
        return lstm(cell).apply(layers.reduce((from, layer) => layer.apply(from), place));
      };
    const masked = run(build([]), ids);
    expect(run(build([activation({ activation: 'linear' })]), ids)).toEqual(masked);
    expect(run(build([reshape({ targetShape: [5, 3] })]), ids)).not.toEqual(masked);
  });
});
