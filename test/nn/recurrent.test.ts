/** Recurrent layers: states, masks, dropout and errors. `recurrent-figures.test.ts` has published values. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { keyFromSeed, uniform } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { gru, GRU } from '../../src/nn/layers/gru.ts';
import { lstm, LSTM } from '../../src/nn/layers/lstm.ts';
import type { GRUOptions } from '../../src/nn/layers/gru.ts';
import type { LSTMOptions } from '../../src/nn/layers/lstm.ts';
import type { Recurrent, RecurrentOptions } from '../../src/nn/layers/recurrent.ts';
import { simpleRNN, SimpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { l1, l2 } from '../../src/nn/regularizers.ts';
import { add, mul } from '../../src/ops/elementwise/arithmetic.ts';
import { variable } from '../../src/ops/define.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { slice } from '../../src/ops/shape/slice.ts';
import { centralDifferences, disagreement } from '../support/finite-differences.ts';
import { built, context, integers, messageOf, tensor, valuesOf } from './support.ts';

const still = context(false);
const close = (values: readonly number[], digits: number): unknown[] =>
  values.map((value) => expect.closeTo(value, digits));

const make = {
  simpleRNN: (options: RecurrentOptions) => new SimpleRNN(options),
  lstm: (options: LSTMOptions) => new LSTM(options),
  gru: (options: GRUOptions) => new GRU(options),
} as const;
type Kind = keyof typeof make;
const kinds = Object.keys(make) as Kind[];

/** Values in [-1, 1). */
const drawn = (shape: Shape, seed = 5): Node =>
  tensor(
    [...uniform(keyFromSeed(seed), sizeOf(shape))].map((value) => 2 * value - 1),
    shape,
  );

/** The outputs of a new layer, built at its first call. */
function outputsOf(layer: Recurrent, inputs: readonly Node[], mask?: Node, training = false): readonly Node[] {
  layer.build(
    inputs.map(({ shape }) => shape.slice(1)),
    keyFromSeed(1),
  );
  return layer.callAll(inputs, context(training), [mask]);
}

describe.each(kinds)('%s', (kind) => {
  const options = { units: 3, biasInitializer: 'randomNormal', name: 'cell' } as const;
  const sequences = { ...options, returnSequences: true, returnState: true } as const;

  test('weights: names, shapes and first values', () => {
    const layer = built(make[kind]({ units: 3, name: 'cell' }), [5, 2]);
    const gates = { simpleRNN: 1, lstm: 4, gru: 3 }[kind];
    const bias = kind === 'gru' ? [2, 9] : [gates * 3];
    expect(layer.weights.map(({ variable: { name, role }, shape }) => [name, role, shape])).toEqual([
      ['cell/kernel', 'parameter', [2, gates * 3]],
      ['cell/recurrentKernel', 'parameter', [3, gates * 3]],
      ['cell/bias', 'parameter', bias],
    ]);
    const [, recurrent, zeros] = layer.weights.map((weight) => [...weight.variable.initialize!()]);
    // Rows of an orthogonal matrix.
    const row = (index: number): number[] => recurrent!.slice(index * gates * 3, (index + 1) * gates * 3);
    const dot = (a: number[], b: number[]): number => a.reduce((total, value, place) => total + value * b[place]!, 0);
    expect([dot(row(0), row(0)), dot(row(0), row(1)), dot(row(2), row(1))]).toEqual(close([1, 0, 0], 6));
    const expected = Array<number>(sizeOf(bias)).fill(0);
    if (kind === 'lstm') expected.fill(1, 3, 6);
    expect(zeros).toEqual(expected);
    expect(built(make[kind]({ units: 3, useBias: false }), [5, 2]).weights.length).toBe(2);
  });

  test('shapes', () => {
    const states = kind === 'lstm' ? [[3], [3]] : [[3]];
    expect(make[kind](options).outputShapes([[5, 2]])).toEqual([[3]]);
    expect(make[kind]({ ...options, returnState: true }).outputShapes([[5, 2]])).toEqual([[3], ...states]);
    expect(make[kind](sequences).outputShapes([[5, 2], ...states])).toEqual([[5, 3], ...states]);
  });

  test('the last step of the sequence is the output without returnSequences, and the hidden state', () => {
    const x = drawn([2, 5, 2]);
    const [all, hidden] = outputsOf(make[kind](sequences), [x]);
    const [last] = outputsOf(make[kind](options), [x]);
    const steps = valuesOf(slice(all!, [0, 4, 0], [2, 1, 3]));
    expect(valuesOf(last!)).toEqual(steps);
    expect(valuesOf(hidden!)).toEqual(steps);
    expect(all!.shape).toEqual([2, 5, 3]);
  });

  test('two calls, the second from the states of the first, are one long call to the bit', () => {
    const layer = make[kind](sequences);
    const x = drawn([2, 5, 2]);
    const [whole, ...ends] = outputsOf(layer, [x]);
    const [early, ...states] = outputsOf(layer, [slice(x, [0, 0, 0], [2, 2, 2])]);
    const [late, ...lastStates] = outputsOf(layer, [slice(x, [0, 2, 0], [2, 3, 2]), ...states]);
    expect(valuesOf(early!)).toEqual(valuesOf(slice(whole!, [0, 0, 0], [2, 2, 3])));
    expect(valuesOf(late!)).toEqual(valuesOf(slice(whole!, [0, 2, 0], [2, 3, 3])));
    expect(lastStates.map((state) => valuesOf(state))).toEqual(ends.map((state) => valuesOf(state)));
  });

  test('a mask of trailing zeros is the shorter sequence, whatever fills it up', () => {
    const layer = make[kind](sequences);
    const x = drawn([2, 5, 2]);
    const mask = tensor([1, 1, 1, 0, 0, 1, 1, 1, 0, 0], [2, 5]);
    const [masked, ...states] = outputsOf(layer, [x], mask);
    const [short, ...shortStates] = outputsOf(layer, [slice(x, [0, 0, 0], [2, 3, 2])]);
    expect(valuesOf(slice(masked!, [0, 0, 0], [2, 3, 3]))).toEqual(valuesOf(short!));
    expect(states.map((state) => valuesOf(state))).toEqual(shortStates.map((state) => valuesOf(state)));
    // After the end the output repeats the state.
    expect(valuesOf(slice(masked!, [0, 4, 0], [2, 1, 3]))).toEqual(valuesOf(states[0]!));
  });

  test('a mask of zeros keeps the initial states', () => {
    const state = drawn([1, 3], 8);
    const count = make[kind](options).stateCount;
    const given = Array.from({ length: count }, () => state);
    const [output, ...states] = outputsOf(make[kind](sequences), [drawn([1, 2, 2]), ...given], tensor([0, 0], [1, 2]));
    const expected = valuesOf(state);
    expect(states.map((end) => valuesOf(end))).toEqual(Array.from({ length: count }, () => expected));
    expect(valuesOf(output!)).toEqual([...expected, ...expected]);
  });

  test('no steps and one step, one sample and none', () => {
    const layer = make[kind](sequences);
    const [one] = outputsOf(layer, [drawn([1, 1, 2])]);
    const [none, hidden] = outputsOf(layer, [drawn([2, 0, 2])]);
    const [empty] = outputsOf(layer, [drawn([0, 3, 2])]);
    expect(valuesOf(one!).every((value) => value !== 0)).toBe(true);
    expect(none!.shape).toEqual([2, 0, 3]);
    expect(valuesOf(hidden!)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(empty!.shape).toEqual([0, 3, 3]);
  });

  test('backwards over reversed data is forwards over them', () => {
    const [x, turned] = [tensor([1, -2, 3, 4, 5, -6], [1, 3, 2]), tensor([5, -6, 3, 4, 1, -2], [1, 3, 2])];
    const forwards = make[kind](sequences);
    const backwards = forwards.copy({ goBackwards: true, name: 'cell' });
    const values = (nodes: readonly Node[]): number[][] => nodes.map((node) => valuesOf(node));
    expect(values(outputsOf(backwards, [turned]))).toEqual(values(outputsOf(forwards, [x])));
  });

  test('gradients with respect to sequence, states and weights', () => {
    const layer = make[kind]({ ...sequences, recurrentDropout: 0.3, dropout: 0.3 });
    const count = layer.stateCount;
    const x = variable([2, 4, 2], { name: 'x' });
    const states = Array.from({ length: count }, (_, index) => variable([2, 3], { name: `state${index}` }));
    const mask = tensor([1, 1, 0, 1, 1, 0, 1, 1], [2, 4]);
    const outputs = outputsOf(layer, [x, ...states], mask, true);
    const loss = outputs
      .map((output, index) => sum(mul(output, drawn(output.shape, 20 + index))))
      .reduce((total, term) => add(total, term));
    const wrt = [x, ...states, ...layer.weights];
    const feeds = new Map(
      wrt.map((node, index) => [node, Float64Array.from(valuesOf(drawn(node.shape, 40 + index)))] as const),
    );
    gradients(loss, wrt).forEach((slope, index) => {
      const values = Float64Array.from(valuesOf(slope, feeds));
      expect(values.some((value) => value !== 0)).toBe(true);
      expect(
        disagreement(values, centralDifferences(loss, wrt[index]!, feeds)),
        wrt[index]!.variable.name,
      ).toBeUndefined();
    });
  });

  test('penalties of kernel, recurrent kernel and bias', () => {
    const layer = built(
      make[kind]({
        units: 1,
        kernelInitializer: 'ones',
        recurrentInitializer: 'ones',
        biasInitializer: 'ones',
        kernelRegularizer: l1({ l1: 1 }),
        recurrentRegularizer: l2({ l2: 10 }),
        biasRegularizer: l1({ l1: 100 }),
      }),
      [4, 2],
    );
    const gates = { simpleRNN: 1, lstm: 4, gru: 3 }[kind];
    const biases = kind === 'gru' ? 6 : gates;
    expect(layer.penalties().flatMap((penalty) => valuesOf(penalty))).toEqual([2 * gates, 10 * gates, 100 * biases]);
    expect(built(make[kind]({ units: 1 }), [4, 2]).penalties()).toEqual([]);
  });

  test('takes whole numbers too', () => {
    const layer = make[kind](options);
    const [whole] = outputsOf(layer, [integers([1, 2, 3, 4], [1, 2, 2])]);
    const [floats] = outputsOf(layer, [tensor([1, 2, 3, 4], [1, 2, 2])]);
    expect(valuesOf(whole!)).toEqual(valuesOf(floats!));
  });
});

describe('dropout', () => {
  // A linear cell that sums its inputs: h = x · 1 + h · 1.
  const plain = {
    units: 4,
    activation: 'linear',
    useBias: false,
    returnSequences: true,
    kernelInitializer: 'ones',
  } as const;

  test('drops the same features at each step, and others in the next training step', () => {
    const layer = new SimpleRNN({ ...plain, units: 1, recurrentInitializer: 'zeros', dropout: 0.5 });
    // Each feature contributes a different digit to the sum.
    const x = tensor([1, 10, 100, 1000, 1, 10, 100, 1000, 1, 10, 100, 1000], [1, 3, 4]);
    layer.build([[3, 4]], keyFromSeed(7));
    const at = (step: number, training = true): number[] => valuesOf(layer.call([x], context(training, step)));
    const patterns = Array.from({ length: 8 }, (_, step) => at(step));
    for (const [first, second, third] of patterns) expect([second, third]).toEqual([first, first]);
    expect(new Set(patterns.map(([first]) => first)).size).toBeGreaterThan(3);
    expect(patterns.flat().every((sum) => /^[02]+$/.test(String(sum)))).toBe(true); // 0 or 1 / (1 − 0.5)
    expect(at(3)).toEqual(patterns[3]);
    expect(at(3, false)).toEqual([1111, 1111, 1111]);
  });

  test('of the state is the same at each step', () => {
    const identity = tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [4, 4]);
    const layer = new SimpleRNN({ ...plain, recurrentDropout: 0.5 });
    layer.build([[3, 1]], keyFromSeed(3));
    const [, recurrent] = layer.weights;
    const feeds = new Map([[recurrent as Node, valuesOf(identity)]]);
    const x = tensor([1, 1, 1], [1, 3, 1]);
    const rows = Array.from({ length: 6 }, (_, step) => valuesOf(layer.call([x], context(true, step)), feeds));
    // h₁ = 1, h₂ = 1 + m · 1, h₃ = 1 + m · h₂ with one m in {0, 2} for each unit.
    for (const row of rows) {
      for (let unit = 0; unit < 4; unit++) {
        const [first, second, third] = [row[unit]!, row[4 + unit]!, row[8 + unit]!];
        expect([
          [1, 1, 1],
          [1, 3, 7],
        ]).toContainEqual([first, second, third]);
      }
    }
    expect(new Set(rows.map(String)).size).toBeGreaterThan(2);
    expect(valuesOf(layer.call([x], context(false)), feeds)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  });

  test('is the same for the same seed, and another for each use of a layer in a graph', () => {
    const x = drawn([4, 3, 8]);
    const values = (layer: Layer, key = 1): number[] => {
      layer.build([[3, 8]], keyFromSeed(key));
      return valuesOf(layer.call([x], context(true)));
    };
    const options = { ...plain, recurrentInitializer: 'ones', dropout: 0.5, recurrentDropout: 0.25 } as const;
    expect(values(new SimpleRNN(options))).toEqual(values(new SimpleRNN(options)));
    expect(values(new SimpleRNN(options), 2)).not.toEqual(values(new SimpleRNN(options)));
    expect(values(new SimpleRNN({ ...options, seed: 3 }), 2)).toEqual(values(new SimpleRNN({ ...options, seed: 3 })));
    const layer = built(new SimpleRNN(options), [3, 8]);
    const graph = context(true);
    expect(valuesOf(layer.call([x], graph))).not.toEqual(valuesOf(layer.call([x], graph)));
  });
});

test('apply gives one place, or one for each output', () => {
  const x = input({ shape: [5, 2] });
  expect(lstm({ units: 3 }).apply(x)).toMatchObject({ shape: [3] });
  const outputs = lstm({ units: 3, returnSequences: true, returnState: true }).apply(x);
  expect(outputs.map(({ shape, output }) => [shape, output])).toEqual([
    [[5, 3], undefined],
    [[3], 1],
    [[3], 2],
  ]);
  expect(outputs[2]!.inputs).toEqual([outputs[0]]);
  expect(gru({ units: 3 }).apply([x, outputs[1]!])).toMatchObject({ shape: [3] });
});

test('errors', () => {
  const options = { units: 3 };
  const wrong = [
    () => lstm({ units: 0 }),
    () => lstm({} as never),
    () => gru({ ...options, activation: 'gelu' as never }),
    () => gru({ ...options, recurrentActivation: ((x: unknown) => x) as never, name: 'cell' }),
    () => simpleRNN({ ...options, useBias: 1 as never }),
    () => simpleRNN({ ...options, returnSequences: 'yes' as never }),
    () => lstm({ ...options, unitForgetBias: null as never }),
    () => gru({ ...options, resetAfter: 0 as never }),
    () => lstm({ ...options, dropout: 1 }),
    () => lstm({ ...options, recurrentDropout: -0.1 }),
    () => lstm({ ...options, seed: 0.5 }),
    () => lstm({ ...options, stateful: true as never }),
    () => lstm({ ...options, kernelInitializer: 'orthogonl' as never }),
    () => lstm({ ...options, biasRegularizer: 'l3' as never }),
    () => lstm(options).outputShape([[5]]),
    () => lstm(options).outputShape([[5, 2, 2]]),
    () => lstm(options).outputShape([]),
    () => lstm(options).outputShape([[5, 2], [3]]),
    () => gru(options).outputShape([[5, 2], [4]]),
    () => built(gru(options), [5, 2]).call([tensor([1, 2, 3], [1, 1, 3])], still),
    () => gru({ ...options, name: 'cell' }).weights,
  ];
  expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
    "ValueError: lstm: units must be an integer ≥ 1, not 0
    ValueError: lstm: units must be an integer ≥ 1, not undefined
    ValueError: gru: activation must be one of linear, relu, sigmoid, tanh, hardSigmoid, not 'gelu'
    ValueError: cell: recurrentActivation must be one of linear, relu, sigmoid, tanh, hardSigmoid, not a function: a factory must be called first, with ()
    ValueError: simpleRNN: useBias must be true or false, not 1
    ValueError: simpleRNN: returnSequences must be true or false, not 'yes'
    ValueError: lstm: unitForgetBias must be true or false, not null
    ValueError: gru: resetAfter must be true or false, not 0
    ValueError: lstm: dropout must be a number in [0, 1), not 1
    ValueError: lstm: recurrentDropout must be a number in [0, 1), not -0.1
    ValueError: lstm: seed must be an integer, not 0.5
    ValueError: lstm: stateful must be false (pass states with returnState and apply([x, ...states])), not true
    ValueError: initializer: there is no 'orthogonl'; did you mean 'orthogonal'?
    ValueError: regularizer: there is no 'l3'; did you mean 'l1'?
    ShapeError: lstm: expects sequences [batch, steps, features], got [batch, 5]: put embedding() before it for word numbers, or reshape the data; a layer before it that is recurrent takes returnSequences: true
    ShapeError: lstm: expects sequences [batch, steps, features], got [batch, 5, 2, 2]: put embedding() before it for word numbers, or reshape the data; a layer before it that is recurrent takes returnSequences: true
    ShapeError: lstm: expects sequences [batch, steps, features], got nothing: put embedding() before it for word numbers, or reshape the data; a layer before it that is recurrent takes returnSequences: true
    ShapeError: lstm: takes a sequence, or with it 2 initial states [batch, 3], not [batch, 3]
    ShapeError: gru: takes a sequence, or with it 1 initial state [batch, 3], not [batch, 4]
    ShapeError: gru: expects 2 features a step, got [batch, 1, 3]
    StateError: layer 'cell': it has no weights yet: build the model, or give the first layer an inputShape"
  `);
});
