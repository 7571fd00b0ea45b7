/** Published values of other projects for recurrent layers, on every backend that has the kernels. Numbers only. */
import { describe, expect, test } from 'vitest';
import { keyFromSeed } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import { constantInitializer } from '../../src/nn/initializers/initializers.ts';
import { Bidirectional } from '../../src/nn/layers/bidirectional.ts';
import type { BidirectionalOptions } from '../../src/nn/layers/bidirectional.ts';
import { GRU } from '../../src/nn/layers/gru.ts';
import type { GRUOptions } from '../../src/nn/layers/gru.ts';
import { LSTM } from '../../src/nn/layers/lstm.ts';
import type { LSTMOptions } from '../../src/nn/layers/lstm.ts';
import { SimpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { arange, recurrentEngines, valuesOn } from '../support/recurrent.ts';
import { context, tensor } from './support.ts';

const make = {
  simpleRNN: (options: AnyOptions) => new SimpleRNN(options),
  lstm: (options: AnyOptions) => new LSTM(options),
  gru: (options: AnyOptions) => new GRU(options),
} as const;
type AnyOptions = LSTMOptions & GRUOptions;

/** The outputs of the layer for these inputs, with its initial weights. */
function outputsOf(
  layer: LSTM | GRU | SimpleRNN | Bidirectional,
  inputs: readonly Node[],
  mask?: Node,
): readonly Node[] {
  layer.build(
    inputs.map(({ shape }) => shape.slice(1)),
    keyFromSeed(1),
  );
  return layer.callAll(inputs, context(false), [mask]);
}

/** Numbers as the tests of Keras count them: 0, 1, 2 … */
const counted = (shape: Shape, factor = 1): Node =>
  tensor(
    arange(sizeOf(shape)).map((value) => value * factor),
    shape,
  );

/** The weights that they take. */
const constants = {
  kernelInitializer: constantInitializer({ value: 0.01 }),
  recurrentInitializer: constantInitializer({ value: 0.02 }),
  biasInitializer: constantInitializer({ value: 0.03 }),
};

/** Every unit has the same weights, so a row of the expected array is one number. */
const alike = (units: number, ...rows: number[]): number[] => rows.flatMap((row) => Array<number>(units).fill(row));

/** Within 1e-5, absolute plus relative, the precision of the published values. */
function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values.length).toBe(expected.length);
  values.forEach((value, index) => {
    const wanted = expected[index]!;
    expect(Math.abs(value - wanted), `${index}: ${value}, ${wanted}`).toBeLessThanOrEqual(
      1e-5 + 1e-5 * Math.abs(wanted),
    );
  });
}

const scattered = [1, 1, 0, 1, 1, 0, 0, 1];
const trailing = [1, 1, 1, 0, 1, 1, 0, 0];

type Published = readonly [
  kind: keyof typeof make,
  what: string,
  options: AnyOptions,
  x: Shape,
  expected: readonly number[],
  given: { readonly states?: Shape; readonly mask?: readonly number[] },
];

// The expected arrays of keras/src/layers/rnn/{simple_rnn,lstm,gru}_test.py in keras-team/keras (Apache 2.0).
// prettier-ignore
const published: readonly Published[] = [
  ['simpleRNN', 'test_correctness', { units: 4 }, [2, 3, 4], alike(4, 0.405432, 0.73605347), {}],
  ['simpleRNN', 'test_correctness, backwards', { units: 4, goBackwards: true }, [2, 3, 4], alike(4, 0.11144729, 0.5528889), {}],
  ['simpleRNN', 'test_pass_initial_state', { units: 4 }, [2, 4, 3], alike(4, 0.33621645, 0.6262637), { states: [2, 4] }],
  ['simpleRNN', 'test_pass_initial_state, backwards', { units: 4, goBackwards: true }, [2, 4, 3], alike(4, 0.07344437, 0.43043602), { states: [2, 4] }],
  ['simpleRNN', 'test_masking', { units: 4 }, [2, 4, 3], alike(4, 0.32951632, 0.61799484), { mask: scattered }],
  ['simpleRNN', 'test_masking, sequences', { units: 2, returnSequences: true }, [2, 4, 3], alike(2, 0.0599281, 0.15122814, 0.15122814, 0.32394567, 0.3969304, 0.3969304, 0.3969304, 0.608085), { mask: scattered }],
  ['simpleRNN', 'test_masking, zero output', { units: 2, returnSequences: true, zeroOutputForMask: true }, [2, 4, 3], alike(2, 0.0599281, 0.15122814, 0, 0.32394567, 0.3969304, 0, 0, 0.608085), { mask: scattered }],
  ['simpleRNN', 'test_masking, backwards', { units: 4, goBackwards: true }, [2, 4, 3], alike(4, 0.07376196, 0.43645123), { mask: scattered }],
  ['lstm', 'test_correctness', { units: 3 }, [3, 6, 4], alike(3, 0.6288687, 0.86899155, 0.9460773), {}],
  ['lstm', 'test_correctness, backwards', { units: 3, goBackwards: true }, [3, 6, 4], alike(3, 0.35622165, 0.74789524, 0.8872726), {}],
  ['lstm', 'test_correctness, no unit forget bias', { units: 3, unitForgetBias: false }, [3, 6, 4], alike(3, 0.57019705, 0.8661914, 0.9459622), {}],
  ['lstm', 'test_correctness, no bias', { units: 3, useBias: false }, [3, 6, 4], alike(3, 0.54986924, 0.86226785, 0.9443936), {}],
  ['lstm', 'test_pass_initial_state', { units: 2 }, [2, 4, 3], [0.20574439, 0.3558822, 0.64930826, 0.66276], { states: [2, 2] }],
  ['lstm', 'test_pass_initial_state, backwards', { units: 2, goBackwards: true }, [2, 4, 3], [0.13281618, 0.2790356, 0.5839337, 0.5992567], { states: [2, 2] }],
  ['lstm', 'test_masking', { units: 2 }, [2, 4, 3], alike(2, 0.11755939, 0.28556206), { mask: trailing }],
  ['lstm', 'test_masking, sequences', { units: 2, returnSequences: true }, [2, 4, 3], alike(2, 0.0158891, 0.05552048, 0.11755939, 0.11755939, 0.14185596, 0.28556206, 0.28556206, 0.28556206), { mask: trailing }],
  ['lstm', 'test_masking, zero output', { units: 2, returnSequences: true, zeroOutputForMask: true }, [2, 4, 3], alike(2, 0.0158891, 0.05552048, 0.11755939, 0, 0.14185596, 0.28556206, 0, 0), { mask: trailing }],
  ['lstm', 'test_masking, backwards', { units: 2, goBackwards: true }, [2, 4, 3], alike(2, 0.15341201, 0.3844719), { mask: [0, 1, 1, 1, 0, 0, 1, 1] }],
  ['gru', 'test_correctness', { units: 3 }, [3, 6, 4], alike(3, 0.5217289, 0.6371659, 0.39384964), {}],
  ['gru', 'test_correctness, backwards', { units: 3, goBackwards: true }, [3, 6, 4], alike(3, 0.24406259, 0.611516, 0.3928808), {}],
  ['gru', 'test_correctness, reset before', { units: 3, resetAfter: false }, [3, 6, 4], alike(3, 0.51447755, 0.6426879, 0.40208298), {}],
  ['gru', 'test_correctness, no bias', { units: 3, useBias: false }, [3, 6, 4], alike(3, 0.49988455, 0.64701194, 0.4103359), {}],
  ['gru', 'test_pass_initial_state', { units: 2 }, [2, 4, 3], [0.23774096, 0.33508456, 0.83659905, 1.0227708], { states: [2, 2] }],
  ['gru', 'test_pass_initial_state, backwards', { units: 2, goBackwards: true }, [2, 4, 3], [0.13486053, 0.23261218, 0.78257304, 0.9691353], { states: [2, 2] }],
  ['gru', 'test_masking', { units: 2 }, [2, 4, 3], alike(2, 0.19393763, 0.30818558), { mask: scattered }],
  ['gru', 'test_masking, sequences', { units: 2, returnSequences: true }, [2, 4, 3], alike(2, 0.03606692, 0.09497581, 0.09497581, 0.19393763, 0.16051409, 0.16051409, 0.16051409, 0.30818558), { mask: scattered }],
  ['gru', 'test_masking, zero output', { units: 2, returnSequences: true, zeroOutputForMask: true }, [2, 4, 3], alike(2, 0.03606692, 0.09497581, 0, 0.19393763, 0.16051409, 0, 0, 0.30818558), { mask: scattered }],
  ['gru', 'test_masking, backwards', { units: 2, goBackwards: true }, [2, 4, 3], alike(2, 0.11669192, 0.28380975), { mask: scattered }],
];

/** The class, for its outputs one by one. */
const both = (layer: LSTM | GRU | SimpleRNN, options: BidirectionalOptions = {}): Bidirectional =>
  new Bidirectional(layer, options);

describe.each(recurrentEngines)('the figures of Keras, on %s', (_, createEngine) => {
  async function values(nodes: readonly Node[]): Promise<number[][]> {
    const engine = await createEngine();
    const all = await valuesOn(engine, nodes);
    engine.dispose();
    return all;
  }

  test.each(published)('%s, %s', async (kind, _what, options, x, expected, { states, mask }) => {
    const layer = make[kind]({ ...constants, ...options });
    const initial = states ? Array.from({ length: layer.stateCount }, () => counted(states)) : [];
    const [output] = outputsOf(layer, [counted(x), ...initial], mask && tensor(mask, x.slice(0, 2)));
    expectClose((await values([output!]))[0]!, expected);
  });

  // The second of two calls on the same data, with the state passed on.
  test.each([
    ['simpleRNN', [0.40559256, 0.7361247]],
    ['lstm', [0.3124785, 0.6863672]],
    ['gru', [0.29542392, 0.5885018]],
  ] as const)('%s, test_statefulness', async (kind, rows) => {
    const layer = make[kind]({ units: 4, ...constants, returnState: true });
    const x = counted([2, 3, 4]);
    const [, ...states] = outputsOf(layer, [x]);
    const [again] = outputsOf(layer, [x, ...states]);
    expectClose((await values([again!]))[0]!, alike(4, ...rows));
  });

  // bidirectional_test.py of the same repository.
  test.each([
    ['concat', [0.39687276, 0.39687276, 0.10004295, 0.10004295, 0.7237238, 0.7237238, 0.53391594, 0.53391594]],
    ['ave', [0.24845785, 0.24845785, 0.6288199, 0.6288199]],
  ] as const)('bidirectional, test_correctness, %s', async (mergeMode, expected) => {
    const layer = both(make.simpleRNN({ units: 2, ...constants }), { mergeMode });
    expectClose((await values(outputsOf(layer, [counted([2, 3, 4])])))[0]!, expected);
  });

  test('bidirectional, test_correctness, two outputs', async () => {
    const layer = both(make.simpleRNN({ units: 2, ...constants }), { mergeMode: null });
    const [forward, backward, ...others] = await values(outputsOf(layer, [counted([2, 3, 4])]));
    expectClose(forward!, alike(2, 0.39687276, 0.7237238));
    expectClose(backward!, alike(2, 0.10004295, 0.53391594));
    expect(others).toEqual([]);
  });

  test('bidirectional, test_correctness, sum of sequences', async () => {
    const layer = both(make.gru({ units: 2, returnSequences: true, ...constants }), { mergeMode: 'sum' });
    const [output] = await values(outputsOf(layer, [counted([2, 3, 4])]));
    expectClose(output!, alike(2, 0.20937867, 0.34462988, 0.40290534, 0.59829646, 0.6734641, 0.6479671));
  });

  test('bidirectional, test_pass_initial_state', async () => {
    const layer = both(make.lstm({ units: 2, ...constants }));
    const states = [1, 2, 3, 4].map((factor) => counted([2, 2], factor));
    const [output] = await values(outputsOf(layer, [counted([2, 4, 3]), ...states]));
    const expected = [0.20794602, 0.4577124, 0.14046375, 0.48191673, 0.6682636, 0.6711909, 0.60943645, 0.60950446];
    expectClose(output!, expected);
  });

  test('bidirectional, test_masking', async () => {
    const layer = both(make.gru({ units: 2, ...constants }));
    const [output] = await values(outputsOf(layer, [counted([2, 4, 3])], tensor(scattered, [2, 4])));
    expectClose(output!, alike(2, 0.19393763, 0.11669192, 0.30818558, 0.28380975));
  });

  test('bidirectional, test_return_state', async () => {
    const layer = both(make.lstm({ units: 2, returnState: true, ...constants }));
    const [output, ...states] = await values(outputsOf(layer, [counted([2, 4, 3])]));
    expectClose(output!, alike(2, 0.1990008, 0.12659755, 0.52335435, 0.44717982));
    const expected = [
      [0.1990008, 0.52335435],
      [0.35567185, 1.0492687],
      [0.12659755, 0.44717982],
      [0.2501858, 0.941473],
    ];
    expect(states.length).toBe(4);
    states.forEach((state, index) => expectClose(state, alike(2, ...expected[index]!)));
  });
});
