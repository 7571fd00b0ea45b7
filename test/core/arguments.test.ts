/** The argument checks of all public functions. */
import { describe as group, expect, it } from 'vitest';
import {
  arrayOf,
  boolean,
  checkArguments,
  checkOptions,
  fraction,
  integer,
  number,
  oneOf,
  options,
  positive,
  required,
  string,
} from '../../src/core/arguments.ts';
import type { ArgumentTable } from '../../src/core/arguments.ts';
import { describe } from '../../src/core/describe.ts';
import { suggest, ValueError } from '../../src/core/errors.ts';

const table: ArgumentTable = { learningRate: number(0), beta: fraction, name: string, nesterov: boolean };
const check = (given: unknown) => () => checkOptions('adam', given, table);

group('options', () => {
  it('accept what the table allows, and undefined', () => {
    expect(check({ learningRate: 0, beta: 0.9, name: 'a', nesterov: false })).not.toThrow();
    expect(check({ learningRate: undefined })).not.toThrow();
    expect(check({})).not.toThrow();
  });

  it.each([
    [{ lr: 0.1 }, "adam: there is no option 'lr'; did you mean 'learningRate'?"],
    [{ learning_rate: 0.1 }, "adam: there is no option 'learning_rate'; did you mean 'learningRate'?"],
    [{ zzzzzzzzz: 1 }, "adam: there is no option 'zzzzzzzzz': the options are learningRate, beta, name, nesterov"],
    [{ lr: undefined }, "adam: there is no option 'lr'; did you mean 'learningRate'?"],
    [0.5, 'adam: takes an options object, not 0.5: such as { learningRate: … }'],
    [null, 'adam: takes an options object, not null: such as { learningRate: … }'],
    [[1], 'adam: takes an options object, not [1]: such as { learningRate: … }'],
    [
      new Float32Array(2),
      'adam: takes an options object, not a Float32Array of 2 elements: such as { learningRate: … }',
    ],
    [() => 1, 'adam: takes an options object, not a function: call the function first'],
    [{ learningRate: '0.1' }, "adam: learningRate must be a finite number ≥ 0, not '0.1'"],
    [{ learningRate: NaN }, 'adam: learningRate must be a finite number ≥ 0, not NaN'],
    [{ learningRate: null }, 'adam: learningRate must be a finite number ≥ 0, not null'],
    [{ learningRate: 1n }, 'adam: learningRate must be a finite number ≥ 0, not 1n'],
    [{ learningRate: Symbol('x') }, 'adam: learningRate must be a finite number ≥ 0, not Symbol(x)'],
    [
      { beta: () => 1 },
      'adam: beta must be a number in [0, 1), not a function: a factory must be called first, with ()',
    ],
    [{ nesterov: 1 }, 'adam: nesterov must be true or false, not 1'],
    [JSON.parse('{ "__proto__": 1 }') as object, "adam: there is no option '__proto__'"],
  ])('%o is refused: %s', (given, message) => {
    expect(check(given)).toThrow(ValueError);
    expect(check(given)).toThrow(message);
  });
});

group('arguments', () => {
  const call =
    (...args: unknown[]) =>
    () =>
      checkArguments('pad', args, {
        values: required(arrayOf(number(), 'a list of numbers')),
        options: options(table),
      });

  it('accept fewer than there are, except required ones', () => {
    expect(call([1])).not.toThrow();
    expect(call([1], undefined)).not.toThrow();
    expect(call([1], { beta: 0 })).not.toThrow();
    expect(call()).toThrow('pad: values must be a list of numbers, not undefined');
  });

  it('refuse extra ones, also undefined', () => {
    expect(call([1], {}, 3)).toThrow('pad: takes at most 2 (values, options), not 3: remove 3');
    expect(call([1], {}, undefined)).toThrow(ValueError);
    expect(() => checkArguments('relu', [1], {})).toThrow('relu: takes no arguments, not 1: remove 1');
  });

  it('refuse holes in arrays', () => {
    // eslint-disable-next-line no-sparse-arrays
    expect(call([1, , 3])).toThrow(ValueError);
  });
});

it('types accept exactly their range', () => {
  const accepted = (type: { accepts(value: unknown): boolean }, values: readonly unknown[]): unknown[] =>
    values.filter((value) => type.accepts(value));
  expect(accepted(integer(1, 3), [0, 1, 2.5, 3, 4, '2', NaN, 2n])).toEqual([1, 3]);
  expect(accepted(positive, [0, 1e-9, -1, Infinity, '1'])).toEqual([1e-9]);
  expect(accepted(fraction, [0, 0.999, 1, -0.1, NaN])).toEqual([0, 0.999]);
  expect(accepted(oneOf('pre', 'post'), ['pre', 'Pre', undefined])).toEqual(['pre']);
});

group('describe', () => {
  it.each([
    ['x'.repeat(50), `'${'x'.repeat(40)}…'`],
    [{ units: 1, activation: 'relu' }, 'an object with units, activation'],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5 }, 'an object with a, b, c, d, …'],
    [{}, 'an object'],
    [[1, 2], '[1, 2]'],
    [[], '[]'],
    [['a', 1], "['a', 1]"],
    [[{}], 'an array of 1 elements'],
    [new Array(7).fill(0), 'an array of 7 elements'],
    [new Int8Array(3), 'an Int8Array of 3 elements'],
    [new DataView(new ArrayBuffer(2)), 'a DataView'],
    [{ op: {}, shape: [2, 3] }, 'a tensor [2, 3]'],
    [function huber() {}, 'a function'],
    [undefined, 'undefined'],
  ])('%o is shown as %s', (value, text) => expect(describe(value)).toBe(text));

  it('shows an object that refers to itself', () => {
    const ring: Record<string, unknown> = {};
    ring['self'] = ring;
    expect(describe(ring)).toBe('an object with self');
  });
});

group('suggest', () => {
  it.each([
    ['acc', ['loss', 'accuracy'], 'accuracy'],
    ['batch_size', ['batchSize', 'epochs'], 'batchSize'],
    ['activaton', ['units', 'activation'], 'activation'],
    ['maxlen', ['length', 'padding'], 'length'],
    ['kernel_regularizer', ['kernelInitializer', 'kernelRegularizer'], 'kernelRegularizer'],
  ])('%s of %o is %s', (name, candidates, best) => {
    expect(suggest(name, candidates)).toBe(`; did you mean '${best}'?`);
  });

  it('stays silent where nothing is near, and takes no time for long names', () => {
    expect(suggest('zzzz', ['units', 'activation'])).toBe('');
    expect(suggest('x'.repeat(1e6), ['units'])).toBe('');
  });
});
