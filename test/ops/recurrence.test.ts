/** Recurrent networks over batches of sequences: states, masks, directions, biases and errors. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { compileGraph } from '../../src/compiler/compile.ts';
import { keyFromSeed, uniform } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import { constant, matmul, mean, recurrence, relu, reverse, slice, variable } from '../../src/ops/index.ts';
import type { RecurrenceOptions } from '../../src/ops/index.ts';
import { gateCounts } from '../../src/ops/recurrent/recurrent-cell.ts';
import { evaluate } from '../support/evaluate.ts';

let seed = 0;
const random = (shape: Shape, spread = 1): Node =>
  constant(
    uniform(keyFromSeed(++seed), sizeOf(shape)).map((draw) => spread * (2 * draw - 1)),
    shape,
  );

const [batch, steps, features, units] = [3, 5, 2, 4];

/** Options of a cell with random weights. */
function cellOf(cell: RecurrenceOptions['cell'], resetAfter = true): RecurrenceOptions {
  const columns = gateCounts[cell] * units;
  const bias = cell === 'gru' && resetAfter ? random([2, columns]) : random([columns]);
  return { cell, resetAfter, kernel: random([features, columns]), recurrentKernel: random([units, columns]), bias };
}

const values = (node: Node): number[] => Array.from(evaluate([node], new Map())[0]!);
const close = (a: Node, b: Node): void => {
  const [left, right] = [values(a), values(b)];
  expect(left.length).toBe(right.length);
  left.forEach((value, index) => expect(value).toBeCloseTo(right[index]!, 12));
};
const part = (x: Node, from: number, count: number): Node => slice(x, [0, from, 0], [-1, count, -1]);

describe.each([
  ['simple', true],
  ['lstm', true],
  ['gru', true],
  ['gru', false],
] as const)('a %s network (resetAfter %s)', (cell, resetAfter) => {
  const options = cellOf(cell, resetAfter);
  const x = random([batch, steps, features]);
  const whole = recurrence(x, options);

  it('gives the state after each step, the last of them as its state', () => {
    expect(whole.outputs.shape).toEqual([batch, steps, units]);
    close(part(whole.outputs, steps - 1, 1), whole.states[0]!);
  });

  it('goes on where another call has ended', () => {
    const first = recurrence(part(x, 0, 2), options);
    const second = recurrence(part(x, 2, steps - 2), { ...options, initialState: first.states });
    close(first.outputs, part(whole.outputs, 0, 2));
    close(second.outputs, part(whole.outputs, 2, steps - 2));
    second.states.forEach((state, index) => close(state, whole.states[index]!));
  });

  it('stays as it is where the mask is 0', () => {
    const mask = constant(Int32Array.of(1, 1, 1, 0, 0), [1, steps]);
    const masked = recurrence(slice(x, [0, 0, 0], [1, -1, -1]), { ...options, mask });
    const shorter = recurrence(slice(x, [0, 0, 0], [1, 3, -1]), options);
    masked.states.forEach((state, index) => close(state, shorter.states[index]!));
    close(part(masked.outputs, 0, 3), shorter.outputs);
    close(part(masked.outputs, 4, 1), shorter.states[0]!);
  });

  it('runs through the mask as through the steps', () => {
    const early = constant(Int32Array.of(0, 0, 1, 1, 1), [1, steps]);
    const one = slice(x, [0, 0, 0], [1, -1, -1]);
    close(recurrence(one, { ...options, mask: early }).states[0]!, recurrence(part(one, 2, 3), options).states[0]!);
    const backwards = recurrence(one, { ...options, mask: early, goBackwards: true });
    close(backwards.states[0]!, recurrence(reverse(part(one, 2, 3), 1), options).states[0]!);
  });

  it('goes backwards as over the reversed sequence', () => {
    close(recurrence(x, { ...options, goBackwards: true }).outputs, recurrence(reverse(x, 1), options).outputs);
  });

  it('has zeros for a bias and a state that are not given', () => {
    const { bias, ...rest } = options;
    const zeros = [random([batch, units], 0), random([batch, units], 0)].slice(0, cell === 'lstm' ? 2 : 1);
    const given = { ...rest, bias: random(bias!.shape, 0), initialState: zeros };
    close(recurrence(x, rest).outputs, recurrence(x, given).outputs);
  });

  it('is as long a program for many steps as for few', () => {
    const programOf = (length: number) => {
      const kernel = variable(options.kernel.shape);
      const loss = mean(recurrence(variable([2, length, features]), { ...options, kernel }).states[0]!);
      return compileGraph({ outputs: { slope: gradients(loss, [kernel])[0]! }, updates: [] }, 'reference').program;
    };
    expect(programOf(200).steps.map(({ label }) => label)).toEqual(programOf(3).steps.map(({ label }) => label));
  });

  it('keeps nothing for a gradient where none is asked for', () => {
    const outputs = { y: recurrence(variable([2, 7, features]), options).states[0]! };
    const { steps } = compileGraph({ outputs, updates: [] }, 'reference').program;
    expect(steps.find(({ op }) => op.name === 'recurrent')!.outputs).toHaveLength(1);
  });
});

describe('recurrence', () => {
  const x = random([batch, steps, features]);
  const lstm = cellOf('lstm');

  it('drops hidden units by one mask for all steps', () => {
    const mask = constant(Float32Array.of(0, 2, 0, 2), [1, units]);
    const one = slice(x, [0, 0, 0], [1, -1, -1]);
    const kept = constant(
      Float32Array.from({ length: 4 * units * units }, (_, at) => (Math.floor(at / (4 * units)) % 2) * 2),
    );
    const scaled = constant(
      Float32Array.from(values(lstm.recurrentKernel), (value, at) => value * values(kept)[at]!),
      [units, 4 * units],
    );
    close(
      recurrence(one, { ...lstm, recurrentDropout: mask }).outputs,
      recurrence(one, { ...lstm, recurrentKernel: scaled }).outputs,
    );
  });

  it('takes the simple cell for what it is', () => {
    const simple = cellOf('simple');
    const { outputs } = recurrence(part(x, 0, 1), { ...simple, activation: 'relu' });
    const projected = matmul(slice(x, [0, 0, 0], [-1, 1, -1]), simple.kernel);
    const [product, bias] = [values(projected), values(simple.bias!)];
    const sums = Float32Array.from(product, (value, at) => value + bias[at % units]!);
    values(relu(constant(sums, [batch, units]))).forEach((value, at) =>
      expect(values(outputs)[at]).toBeCloseTo(value, 6),
    );
  });

  it.each([
    ['an input of another rank', () => recurrence(random([2, 3]), lstm), /the input must have rank 3/],
    [
      'a kernel of other features',
      () => recurrence(random([2, 3, 9]), lstm),
      /the kernel must be \[9, 16\], not \[2, 16\]/,
    ],
    [
      'a recurrent kernel of another cell',
      () => recurrence(x, { ...lstm, cell: 'gru' }),
      /the kernel must be \[2, 12\], not \[2, 16\]/,
    ],
    ['a mask of other steps', () => recurrence(x, { ...lstm, mask: random([batch, 9]) }), /the mask must be \[3, 5\]/],
    [
      'an LSTM with one state',
      () => recurrence(x, { ...lstm, initialState: [random([batch, units])] }),
      /lstm has two states, hidden and carry, not 1/,
    ],
    [
      'a state of another batch',
      () => recurrence(x, { ...lstm, initialState: [random([1, units]), random([1, units])] }),
      /the initial hidden state must be \[3, 4\], not \[1, 4\]/,
    ],
    [
      'an unknown activation',
      () => recurrence(x, { ...lstm, activation: 'selu' as never }),
      /activation must be 'linear', 'relu', .*, not 'selu'/,
    ],
  ])('refuses %s', (_, build, message) => {
    expect(build).toThrow(message);
  });
});
