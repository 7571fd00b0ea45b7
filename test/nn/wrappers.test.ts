/** The wrapper layers bidirectional and timeDistributed, compared with manual computation. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { keyFromSeed, uniform } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { layerFromConfig, layerRegistry } from '../../src/nn/layer-registry.ts';
import { Bidirectional, bidirectional } from '../../src/nn/layers/bidirectional.ts';
import type { MergeMode } from '../../src/nn/layers/bidirectional.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { GRU, gru } from '../../src/nn/layers/gru.ts';
import { LSTM, lstm } from '../../src/nn/layers/lstm.ts';
import type { Recurrent } from '../../src/nn/layers/recurrent.ts';
import { simpleRNN, SimpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { add, mul } from '../../src/ops/elementwise/arithmetic.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { reverse } from '../../src/ops/shape/reverse.ts';
import { centralDifferences, disagreement } from '../support/finite-differences.ts';
import { built, context, messageOf, tensor, valuesOf } from './support.ts';

const still = context(false);
const drawn = (shape: Shape, seed = 5): Node =>
  tensor(
    [...uniform(keyFromSeed(seed), sizeOf(shape))].map((value) => 2 * value - 1),
    shape,
  );

/** Assigns the initial values of `weights` to other variables in the same order. */
function feed(to: readonly Variable[], from: readonly Variable[]): Map<Node, ArrayLike<number>> {
  expect(to.map(({ shape }) => shape)).toEqual(from.map(({ shape }) => shape));
  return new Map(to.map((weight, index) => [weight, from[index]!.variable.initialize!()]));
}

const patterns: readonly Recurrent[] = [
  new SimpleRNN({ units: 3, returnSequences: true, biasInitializer: 'randomNormal' }),
  new LSTM({ units: 3, biasInitializer: 'randomNormal' }),
  new LSTM({ units: 3, returnSequences: true, returnState: true }),
  new GRU({ units: 3, returnSequences: true, resetAfter: false }),
];
const modes: readonly MergeMode[] = ['concat', 'sum', 'mul', 'ave', null];

describe.each(modes)('bidirectional, mergeMode %s', (mergeMode) => {
  test.each(patterns)('is two layers by hand: $kind', (pattern) => {
    const layer = new Bidirectional(pattern, { mergeMode });
    const x = drawn([2, 4, 2]);
    const mask = tensor([1, 1, 0, 0, 1, 1, 1, 1], [2, 4]);
    const states = Array.from({ length: 2 * pattern.stateCount }, (_, index) => drawn([2, 3], 10 + index));
    const inputs = [x, ...states];
    const shapes = inputs.map(({ shape }) => shape.slice(1));
    layer.build(shapes, keyFromSeed(1));
    const outputs = layer.callAll(inputs, still, [mask]);
    expect(outputs.map(({ shape }) => shape.slice(1))).toEqual(layer.outputShapes(shapes));

    const forward = pattern.copy({ zeroOutputForMask: pattern.returnSequences });
    const backward = forward.copy({ goBackwards: true });
    const half = pattern.stateCount;
    forward.build(shapes.slice(0, 1 + half), keyFromSeed(1));
    backward.build(shapes.slice(0, 1 + half), keyFromSeed(1));
    const count = forward.weights.length;
    const feeds = new Map([
      ...feed(forward.weights, layer.weights.slice(0, count)),
      ...feed(backward.weights, layer.weights.slice(count)),
    ]);
    const [a, ...ends] = forward.callAll([x, ...states.slice(0, half)], still, [mask]);
    const [turned, ...starts] = backward.callAll([x, ...states.slice(half)], still, [mask]);
    const b = pattern.returnSequences ? reverse(turned, 1) : turned;
    const [p, q] = [valuesOf(a, feeds), valuesOf(b, feeds)];
    const rows = p.length / 3;
    const pairwise = (join: (x: number, y: number) => number): number[] => p.map((value, at) => join(value, q[at]!));
    const expected = {
      concat: [
        Array.from({ length: rows }, (_, row) => [
          ...p.slice(3 * row, 3 * row + 3),
          ...q.slice(3 * row, 3 * row + 3),
        ]).flat(),
      ],
      sum: [pairwise((x, y) => x + y)],
      mul: [pairwise((x, y) => x * y)],
      ave: [pairwise((x, y) => (x + y) / 2)],
      null: [p, q],
    }[String(mergeMode) as 'concat'];
    const last = [...ends, ...starts].map((state) => valuesOf(state, feeds));
    expect(outputs.map((output) => valuesOf(output))).toEqual([...expected, ...last]);
  });
});

describe('bidirectional', () => {
  test('names, and first values of its own for each direction', () => {
    const layer = built(bidirectional(lstm({ units: 2, name: 'inner' }), { name: 'both' }), [4, 3]);
    expect(layer.weights.map(({ variable }) => variable.name)).toEqual([
      'both/forward/kernel',
      'both/forward/recurrentKernel',
      'both/forward/bias',
      'both/backward/kernel',
      'both/backward/recurrentKernel',
      'both/backward/bias',
    ]);
    const [forward, , , backward] = layer.weights.map((weight) => weight.variable.initialize!());
    expect(forward).not.toEqual(backward);
  });

  test('takes the shape of a sample from the layer given', () => {
    expect(bidirectional(lstm({ units: 2, inputShape: [4, 3] })).inputShape).toEqual([4, 3]);
    expect(bidirectional(lstm({ units: 2 }), { inputShape: [4, 3] }).inputShape).toEqual([4, 3]);
  });

  test('a step that the mask leaves out is zeros in both halves', () => {
    const layer = built(bidirectional(gru({ units: 1, returnSequences: true })), [3, 1]);
    const values = valuesOf(layer.call([drawn([1, 3, 1])], still, [tensor([1, 1, 0], [1, 3])]));
    expect(values.slice(4).map(Math.abs)).toEqual([0, 0]);
    expect(values.slice(0, 4).every((value) => value !== 0)).toBe(true);
  });

  test('gradients with respect to the weights of both', () => {
    const layer = built(bidirectional(gru({ units: 2, returnSequences: true })), [3, 2]);
    const y = layer.call([drawn([2, 3, 2])], still, [tensor([1, 1, 1, 1, 0, 1], [2, 3])]);
    const loss = sum(mul(y, drawn(y.shape, 9)));
    const feeds = new Map(
      layer.weights.map((weight) => [weight as Node, Float64Array.from(weight.variable.initialize!())] as const),
    );
    gradients(loss, layer.weights).forEach((slope, index) => {
      const values = Float64Array.from(valuesOf(slope, feeds));
      expect(values.some((value) => value !== 0)).toBe(true);
      expect(disagreement(values, centralDifferences(loss, layer.weights[index]!, feeds))).toBeUndefined();
    });
  });

  test('penalties of both', () => {
    const inner = simpleRNN({ units: 2, kernelInitializer: 'ones', kernelRegularizer: 'l1' });
    const penalties = built(bidirectional(inner), [4, 3])
      .penalties()
      .map((penalty) => valuesOf(penalty)[0]);
    expect(penalties).toEqual([expect.closeTo(0.06, 12), expect.closeTo(0.06, 12)]);
  });

  test('apply gives a list where there are several outputs', () => {
    const x = input({ shape: [4, 3] });
    expect(bidirectional(lstm({ units: 2 })).apply(x).shape).toEqual([4]);
    const both = bidirectional(lstm({ units: 2 }), { mergeMode: null }).apply(x);
    expect(both.map(({ shape }) => shape)).toEqual([[2], [2]]);
    const states = bidirectional(lstm({ units: 2, returnSequences: true, returnState: true })).apply(x);
    expect(states.map(({ shape }) => shape)).toEqual([[4, 4], [2], [2], [2], [2]]);
  });

  test('errors', () => {
    const x = [4, 3];
    const wrong = [
      () => bidirectional(dense({ units: 2 })),
      () => bidirectional(undefined as never, { name: 'both' }),
      () => bidirectional(lstm({ units: 2, goBackwards: true })),
      () => bidirectional(lstm({ units: 2 }), { mergeMode: 'average' as never }),
      () => bidirectional(lstm({ units: 2 }), { mergeMode: 'toString' as never }),
      () => bidirectional(lstm({ units: 2 })).outputShape([]),
      () => bidirectional(lstm({ units: 2 })).outputShape([x, [2], [2]]),
      () => bidirectional(lstm({ units: 2 })).outputShape([[4]]),
    ];
    expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
      "ValueError: bidirectional: layer must be simpleRNN(), lstm() or gru() with goBackwards: false, not dense
      ValueError: both: layer must be simpleRNN(), lstm() or gru() with goBackwards: false, not undefined
      ValueError: bidirectional: layer must be simpleRNN(), lstm() or gru() with goBackwards: false, not lstm
      ValueError: bidirectional: mergeMode must be 'concat', 'sum', 'mul', 'ave' or null, not 'average'
      ValueError: bidirectional: mergeMode must be 'concat', 'sum', 'mul', 'ave' or null, not 'toString'
      ShapeError: bidirectional: takes a sequence, or with it 4 initial states, the forward ones first, not nothing
      ShapeError: bidirectional: takes a sequence, or with it 4 initial states, the forward ones first, not 2 states
      ShapeError: lstm: expects sequences [batch, steps, features], got [batch, 4]: put embedding() before it for word numbers, or reshape the data; a layer before it that is recurrent takes returnSequences: true"
    `);
  });
});

test('a layer around another is frozen where that was, unless it says otherwise', () => {
  const frozen = { units: 2, trainable: false };
  expect([timeDistributed(dense(frozen)).trainable, bidirectional(gru(frozen)).trainable]).toEqual([false, false]);
  expect(timeDistributed(dense(frozen), { trainable: true }).trainable).toBe(true);
  const thawed = timeDistributed(dense(frozen));
  thawed.trainable = true;
  expect(layerFromConfig('timeDistributed', thawed.config()).trainable).toBe(true);
});

test('the layer inside comes from the registry that was given', () => {
  const registry = { timeDistributed: layerRegistry['timeDistributed']!, half: () => dropout({ rate: 0.5 }) };
  const config = { layer: { kind: 'half', config: {} } };
  expect(layerFromConfig('timeDistributed', config, registry).config()).toEqual({
    layer: { kind: 'dropout', config: { rate: 0.5 } },
  });
  expect(messageOf(() => layerFromConfig('timeDistributed', config))).toMatch(/there is no 'half'/);
});

describe('timeDistributed', () => {
  test('of dense is dense', () => {
    const [around, plain] = [
      timeDistributed(dense({ units: 3, activation: 'tanh' })),
      dense({ units: 3, activation: 'tanh' }),
    ];
    built(around, [4, 2]);
    built(plain, [4, 2]);
    const x = drawn([2, 4, 2]);
    const feeds = feed(plain.weights, around.weights);
    expect(valuesOf(around.call([x], still))).toEqual(valuesOf(plain.call([x], still), feeds));
    expect(around.outputShape([[4, 2]])).toEqual([4, 3]);
    expect(around.weights.map(({ variable }) => variable.name)).toEqual([
      'timeDistributed/dense/kernel',
      'timeDistributed/dense/bias',
    ]);
  });

  test('of flatten joins what is in a step, of lstm reads each step as a sequence', () => {
    const x = drawn([2, 3, 4, 2]);
    const flat = timeDistributed(flatten());
    expect(flat.outputShape([[3, 4, 2]])).toEqual([3, 8]);
    expect(valuesOf(built(flat, [3, 4, 2]).call([x], still))).toEqual(valuesOf(x));

    const inner = lstm({ units: 2 });
    const around = built(timeDistributed(inner), [3, 4, 2]);
    const single = built(lstm({ units: 2 }), [4, 2]);
    const rows = tensor(valuesOf(x), [6, 4, 2]);
    const within = tensor([1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0], [2, 3, 4]);
    const mask = tensor(valuesOf(within), [6, 4]);
    const feeds = feed(single.weights, around.weights);
    expect(valuesOf(around.call([x], still, [within]))).toEqual(valuesOf(single.call([rows], still, [mask]), feeds));
    // A mask of the outer steps does not apply to the inner steps.
    const outer = tensor([1, 1, 0, 1, 0, 0], [2, 3]);
    expect(valuesOf(around.call([x], still, [outer]))).toEqual(valuesOf(single.call([rows], still), feeds));
  });

  test('of dropout drops, of a layer in a layer goes on', () => {
    const around = built(timeDistributed(dropout({ rate: 0.5 })), [3, 4]);
    const x = tensor(Array<number>(24).fill(1), [2, 3, 4]);
    const values = valuesOf(around.call([x], context(true)));
    expect(new Set(values)).toEqual(new Set([0, 2]));
    expect(valuesOf(around.call([x], still))).toEqual(valuesOf(x));
    const deep = built(timeDistributed(timeDistributed(dense({ units: 1 }))), [2, 3, 4]);
    expect(deep.outputShape([[2, 3, 4]])).toEqual([2, 3, 1]);
    expect(deep.weights[0]!.variable.name).toBe('timeDistributed/timeDistributed/dense/kernel');
  });

  test('gradients and penalties', () => {
    const around = built(timeDistributed(dense({ units: 2, kernelRegularizer: 'l2' })), [3, 2]);
    const x = drawn([2, 3, 2]);
    const y = around.call([x], still);
    const [kernel] = around.weights;
    const loss = add(sum(mul(y, drawn(y.shape, 4))), around.penalties()[0]!);
    const feeds = new Map(
      around.weights.map((weight) => [weight as Node, Float64Array.from(weight.variable.initialize!())] as const),
    );
    const slope = Float64Array.from(valuesOf(gradients(loss, [kernel!])[0]!, feeds));
    expect(disagreement(slope, centralDifferences(loss, kernel!, feeds))).toBeUndefined();
    expect(around.penalties().length).toBe(1);
  });

  test('errors', () => {
    const wrong = [
      () => timeDistributed(3 as never),
      () => timeDistributed(dense({ units: 2 })).outputShape([[]]),
      () => timeDistributed(dense({ units: 2 })).outputShape([[4]]),
      () =>
        timeDistributed(dense({ units: 2 })).outputShape([
          [4, 2],
          [4, 2],
        ]),
      () => timeDistributed(lstm({ units: 2, returnState: true }) as never).outputShape([[4, 2, 2]]),
    ];
    expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
      "ValueError: timeDistributed: layer must be a layer, such as dense({ units: 10 }), not 3
      ShapeError: timeDistributed: expects [batch, steps, ...], got [batch]: there are no steps
      ShapeError: dense: a sample must have features, not shape []: make it [1]
      ShapeError: timeDistributed: takes one input, not 2: join them first with concatenate() or add()
      ValueError: timeDistributed: 'lstm' has several outputs: use one with returnState: false"
    `);
  });
});
