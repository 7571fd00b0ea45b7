import { expect, test } from 'vitest';
import { activationFrom, activationName } from '../../src/nn/activations.ts';
import type { ActivationName } from '../../src/nn/activations.ts';
import { l1, l1l2, l2, regularizerFrom } from '../../src/nn/regularizers.ts';
import { messageOf, tensor, valuesOf } from './support.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Implemented from the definitions, independently of the ops. */
const definitions: Readonly<Record<Exclude<ActivationName, 'softmax' | 'logSoftmax' | 'gelu'>, (x: number) => number>> =
  {
    linear: (x) => x,
    relu: (x) => Math.max(x, 0),
    relu6: (x) => Math.min(Math.max(x, 0), 6),
    leakyRelu: (x) => (x > 0 ? x : 0.2 * x),
    elu: (x) => (x > 0 ? x : Math.exp(x) - 1),
    selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1)),
    sigmoid,
    tanh: Math.tanh,
    softplus: (x) => Math.log(1 + Math.exp(x)),
    softsign: (x) => x / (1 + Math.abs(x)),
    exponential: Math.exp,
    silu: (x) => x * sigmoid(x),
    swish: (x) => x * sigmoid(x),
    mish: (x) => x * Math.tanh(Math.log(1 + Math.exp(x))),
  };

test.each(Object.entries(definitions))('%s', (name, definition) => {
  const xs = [-8, -2.5, -1, -0.125, 0, 0.125, 1, 2.5, 8];
  const values = valuesOf(activationFrom(name as ActivationName)(tensor(xs)));
  values.forEach((value, index) => expect(value).toBeCloseTo(definition(xs[index]!), 9));
});

test('gelu is the exact form', () => {
  // x Φ(x) at ±1 with Φ(1) = 0.8413447460685429
  const [minus, zero, plus] = valuesOf(activationFrom('gelu')(tensor([-1, 0, 1])));
  expect(minus).toBeCloseTo(-0.15865525393145707, 12);
  expect(zero).toBe(0);
  expect(plus).toBeCloseTo(0.8413447460685429, 12);
});

test('softmax and its logarithm go over the last axis', () => {
  const logits = tensor([1, 2, 3, 0, 0, 0], [2, 3]);
  const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
  const expected = [...[1, 2, 3].map((x) => Math.exp(x) / total), 1 / 3, 1 / 3, 1 / 3];
  valuesOf(activationFrom('softmax')(logits)).forEach((value, index) =>
    expect(value).toBeCloseTo(expected[index]!, 12),
  );
  valuesOf(activationFrom('logSoftmax')(logits)).forEach((value, index) =>
    expect(value).toBeCloseTo(Math.log(expected[index]!), 12),
  );
});

test('names go both ways; a function of one’s own has none', () => {
  expect(activationName(activationFrom(undefined))).toBe('linear');
  expect(activationName(activationFrom('gelu'))).toBe('gelu');
  expect(activationName(activationFrom('relu6'))).toBe('relu6');
  expect(messageOf(() => activationName((x) => x))).toMatchInlineSnapshot(
    `"ValueError: activation: a function of your own cannot be saved: use a name, or save the weights alone"`,
  );
  expect(messageOf(() => activationFrom('sigmod' as 'sigmoid'))).toMatchInlineSnapshot(
    `"ValueError: activation: there is no 'sigmod'; did you mean 'sigmoid'?"`,
  );
  expect(messageOf(() => activationFrom('__proto__' as 'sigmoid'))).toMatchInlineSnapshot(
    `"ValueError: activation: there is no '__proto__': the names are linear, relu, relu6, leakyRelu, elu, selu, sigmoid, tanh, softplus, softsign, exponential, gelu, silu, swish, mish, softmax, logSoftmax"`,
  );
});

test('regularizers', () => {
  const weight = tensor([1, -2, 3, -4], [2, 2]);
  expect(valuesOf(l1({ l1: 0.5 }).penalty(weight))).toEqual([5]);
  expect(valuesOf(l2({ l2: 0.5 }).penalty(weight))).toEqual([15]);
  expect(valuesOf(l1l2({ l1: 0.5, l2: 0.25 }).penalty(weight))).toEqual([12.5]);
  expect(valuesOf(regularizerFrom('l2').penalty(weight))[0]).toBeCloseTo(0.3, 12);
  const { name, config } = JSON.parse(JSON.stringify(l1l2({ l1: 1, l2: 0 }))) as { name: 'l1l2'; config: object };
  expect(valuesOf(regularizerFrom({ name, config: config as never }).penalty(weight))).toEqual([10]);
  expect(messageOf(() => regularizerFrom('l3' as 'l2'))).toMatchInlineSnapshot(
    `"ValueError: regularizer: there is no 'l3'; did you mean 'l1'?"`,
  );
  expect(messageOf(() => l2({ l2: -1 }))).toMatchInlineSnapshot(
    `"ValueError: l2: l2 must be a finite number ≥ 0, not -1"`,
  );
});
