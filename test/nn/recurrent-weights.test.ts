/** Conversion of PyTorch weights: outputs that PyTorch computed, and the inverse conversion. */
import { describe, expect, test } from 'vitest';
import { keyFromSeed } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import { GRU } from '../../src/nn/layers/gru.ts';
import { LSTM } from '../../src/nn/layers/lstm.ts';
import { SimpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { recurrentWeightsFromPyTorch, recurrentWeightsToPyTorch } from '../../src/nn/recurrent-weights.ts';
import type { Node } from '../../src/graph/node.ts';
import { HostTensor } from '../../src/data/tensor.ts';
import { arange } from '../support/recurrent.ts';
import { context, messageOf, tensor, valuesOf } from './support.ts';

const host = (values: readonly number[], shape: Shape = [values.length]): HostTensor =>
  new HostTensor(Float32Array.from(values), shape);
const counted = (shape: Shape, of: (place: number) => number): HostTensor => host(arange(sizeOf(shape)).map(of), shape);

/** The outputs of `layer` with these weights. */
function outputs(layer: LSTM | GRU | SimpleRNN, weights: readonly HostTensor[], inputs: readonly Node[]): number[][] {
  layer.build(
    inputs.map(({ shape }) => shape.slice(1)),
    keyFromSeed(1),
  );
  expect(layer.weights.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
  const feeds = new Map(layer.weights.map((weight, index) => [weight as Node, weights[index]!.data] as const));
  return layer.callAll(inputs, context(false), []).map((node) => valuesOf(node, feeds));
}

const rounded = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 1e4) / 1e4);

describe('the figures of PyTorch', () => {
  // candle-nn/tests/rnn.rs in huggingface/candle (Apache 2.0) gives what nn.LSTM(2, 3) and nn.GRU(2, 3) print for weights
  // cos(0, 1, …) and sin(0, 1, …), biases b and cos(b), after the inputs 3, 1, 4, 1, 5, 9, 2, each with its half.
  const x = tensor(
    [3, 1, 4, 1, 5, 9, 2].flatMap((value) => [value, value * 0.5]),
    [1, 7, 2],
  );
  const biases = [-1, 1, -0.5, 2, -1, 1, -0.5, 2, -1, 1, -0.5, 2];
  const dict = (rows: number): Record<string, HostTensor> => ({
    weight_ih_l0: counted([rows, 2], Math.cos),
    weight_hh_l0: counted([rows, 3], Math.sin),
    bias_ih_l0: host(biases.slice(0, rows)),
    bias_hh_l0: host(biases.slice(0, rows).map(Math.cos)),
  });

  test('lstm', () => {
    const weights = recurrentWeightsFromPyTorch('lstm', dict(12));
    const [, hidden, carry] = outputs(new LSTM({ units: 3, returnState: true }), weights, [x]);
    expect(rounded(hidden!)).toEqual([0.9919, 0.1738, -0.1451]);
    expect(rounded(carry!)).toEqual([5.725, 0.4458, -0.2908]);
  });

  test('gru', () => {
    const weights = recurrentWeightsFromPyTorch('gru', new Map(Object.entries(dict(9))));
    const [hidden] = outputs(new GRU({ units: 3 }), weights, [x]);
    expect(rounded(hidden!)).toEqual([0.0579, 0.8836, -0.9991]);
  });

  // tests/nn_primitives/references/test_nnp_gru_cell.py in mratsim/Arraymancer (Apache 2.0): what nn.GRUCell(4, 2) prints.
  test('gru cell', () => {
    const cell = {
      'cell.weight_ih': counted([6, 4], (place) => 0.9 - 0.1 * (Math.floor(place / 4) + (place % 4))),
      'cell.weight_hh': counted([6, 2], (place) => [-0.3, -0.1, -0.2, 0][place % 4]!),
      'cell.bias_ih': counted([6], (place) => 0.1 * (place + 1)),
      'cell.bias_hh': counted([6], (place) => -0.1 * (place + 1)),
    };
    const weights = recurrentWeightsFromPyTorch('gru', cell, { prefix: 'cell.', suffix: '' });
    const given = tensor([0.1, 0.2, 0.3, 0.4, -0.1, -0.2, -0.3, -0.4, 0.5, 0.6, 0.7, 0.8], [3, 1, 4]);
    const [hidden] = outputs(new GRU({ units: 2 }), weights, [given, tensor([-1, -1, -1, -1, -1, -1], [3, 2])]);
    expect(rounded(hidden!)).toEqual([-0.5317, -0.4753, -0.393, -0.321, -0.7325, -0.643]);
  });

  // By hand: h = tanh(W x + b + U h + c), twice.
  test('simple', () => {
    const weights = recurrentWeightsFromPyTorch('simpleRNN', {
      weight_ih_l0: host([0.5, -1], [2, 1]),
      weight_hh_l0: host([0.1, 0.2, 0.3, 0.4], [2, 2]),
      bias_ih_l0: host([0.01, 0.02]),
      bias_hh_l0: host([0.03, 0.04]),
    });
    const [a, b] = [Math.tanh(0.5 + 0.04), Math.tanh(-1 + 0.06)];
    const expected = [Math.tanh(1 + 0.04 + 0.1 * a + 0.2 * b), Math.tanh(-2 + 0.06 + 0.3 * a + 0.4 * b)];
    const [hidden] = outputs(new SimpleRNN({ units: 2 }), weights, [tensor([1, 2], [1, 2, 1])]);
    expect(hidden).toEqual(expected.map((value) => expect.closeTo(value, 6) as number));
  });
});

describe('the way back', () => {
  test.each([
    ['simpleRNN', 1],
    ['lstm', 4],
    ['gru', 3],
  ] as const)('%s', (kind, gates) => {
    const names = { prefix: 'encoder.rnn.', suffix: '_l1_reverse' };
    const shapes: Shape[] = [[5, gates * 2], [2, gates * 2], kind === 'gru' ? [2, gates * 2] : [gates * 2]];
    const weights = shapes.map((shape, index) => counted(shape, (place) => 100 * index + place));
    const theirs = recurrentWeightsToPyTorch(kind, weights, names);
    expect(Object.entries(theirs).map(([name, { shape }]) => [name, shape])).toEqual([
      ['encoder.rnn.weight_ih_l1_reverse', [gates * 2, 5]],
      ['encoder.rnn.weight_hh_l1_reverse', [gates * 2, 2]],
      ['encoder.rnn.bias_ih_l1_reverse', [gates * 2]],
      ['encoder.rnn.bias_hh_l1_reverse', [gates * 2]],
    ]);
    expect(recurrentWeightsFromPyTorch(kind, theirs, names)).toEqual(weights);
    const bare = recurrentWeightsToPyTorch(kind, weights.slice(0, 2));
    expect(Object.keys(bare)).toEqual(['weight_ih_l0', 'weight_hh_l0']);
    expect(recurrentWeightsFromPyTorch(kind, bare)).toEqual(weights.slice(0, 2));
  });

  test('a gate keeps its rows', () => {
    const weights = [counted([1, 6], (place) => place), counted([2, 6], (place) => place)];
    const { weight_ih_l0: theirs } = recurrentWeightsToPyTorch('gru', weights);
    expect([...theirs!.data]).toEqual([2, 3, 0, 1, 4, 5]); // z, r, h → r, z, n
  });
});

test('errors', () => {
  const [kernel, recurrent] = [host(arange(8), [1, 8]), host(arange(16), [2, 8])];
  const dict = recurrentWeightsToPyTorch('lstm', [kernel, recurrent]);
  const wrong = [
    () => recurrentWeightsFromPyTorch('rnn' as never, dict),
    () => recurrentWeightsFromPyTorch('lstm', dict, { suffix: '_l1' }),
    () => recurrentWeightsFromPyTorch('gru', dict),
    () => recurrentWeightsFromPyTorch('lstm', { ...dict, weight_ih_l0: host(arange(4), [4, 1]) }),
    () => recurrentWeightsFromPyTorch('lstm', { ...dict, bias_ih_l0: host(arange(8)) }),
    () => recurrentWeightsFromPyTorch('lstm', { ...dict, bias_ih_l0: host(arange(8)), bias_hh_l0: host(arange(7)) }),
    () => recurrentWeightsToPyTorch('lstm', [kernel]),
    () => recurrentWeightsToPyTorch('gru', [kernel, recurrent]),
    () => recurrentWeightsToPyTorch('gru', [host(arange(6), [1, 6]), host(arange(12), [2, 6]), host(arange(6))]),
  ];
  expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
    "ValueError: recurrentWeightsFromPyTorch: there is no 'rnn': the names are simpleRNN, lstm, gru
    ValueError: recurrentWeightsFromPyTorch: there is no 'weight_hh_l1': there are weight_ih_l0, weight_hh_l0
    ShapeError: recurrent weights: 'weight_hh_l0' must be [6, 2], not [8, 2]
    ShapeError: recurrent weights: 'weight_ih_l0' must be [8, 1], not [4, 1]
    ValueError: recurrentWeightsFromPyTorch: there is no 'bias_hh_l0': there are weight_ih_l0, weight_hh_l0, bias_ih_l0
    ShapeError: recurrent weights: 'bias_hh_l0' must be [8], not [7]
    ValueError: recurrentWeightsToPyTorch: takes [kernel, recurrentKernel] or [kernel, recurrentKernel, bias], not 1 tensors
    ShapeError: recurrent weights: 'recurrentKernel' must be [2, 6], not [2, 8]
    ShapeError: recurrent weights: 'bias' must be [2, 6], not [6]"
  `);
});
