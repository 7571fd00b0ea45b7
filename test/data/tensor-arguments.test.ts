/** Invalid arguments of parameter(), input(), tensor() and createEngine(). */
import { expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.ts';
import { DTypeError, GradletError, ShapeError, ValueError } from '../../src/core/errors.ts';
import { parameter, tensor, input } from '../../src/data/tensor.ts';

type Loose = (...args: unknown[]) => unknown;

it.each([
  ['too few values', [[2, 2], { initializer: new Float32Array(3) }], ShapeError],
  ['too many values', [[2, 2], { initializer: new Float32Array(5) }], ShapeError],
  ['a tensor of another size', [[2, 2], { initializer: tensor([1, 2]) }], ShapeError],
  ['a plain array', [[2], { initializer: [1, 2] }], DTypeError],
  ['float64', [[2], { initializer: new Float64Array(2) }], DTypeError],
  ['null', [[2], { initializer: null }], DTypeError],
  ['a name', [[2], { initializer: 'heNormal' }], ValueError],
  ['a fraction as seed', [[2], { seed: 0.5 }], ValueError],
  ['an unknown option', [[2], { initialiser: new Float32Array(2) }], ValueError],
  ['options that are none', [[2], 'w'], ValueError],
  ['a shape that is none', [4], ShapeError],
  ['a third argument', [[2], {}, 1], ValueError],
])('parameter refuses %s', (_, args, type) => {
  expect(() => (parameter as Loose)(...args)).toThrow(type);
});

it('a parameter refuses what its initializer draws in another size or dtype', () => {
  for (const draw of [() => new Float32Array(3), () => new Int32Array(4), () => [1, 2, 3, 4], () => undefined]) {
    for (const initializer of [draw, { create: draw }]) {
      const { variable } = parameter([2, 2], { initializer: initializer as never });
      expect(() => variable.initialize!()).toThrow(GradletError);
    }
  }
});

it.each([
  ['input', input as Loose, [[2], { dtyp: 'int32' }]],
  ['input', input as Loose, [[2], 'int32']],
  ['input', input as Loose, [[2], {}, 1]],
  ['tensor', tensor as Loose, [[1], [1], { dtyp: 'int32' }]],
  ['tensor', tensor as Loose, [[1], 'int32']],
  ['tensor', tensor as Loose, [[1], [1], {}, 1]],
])('%s refuses what it does not know', (name, call, args) => {
  expect(() => call(...args)).toThrow(GradletError);
  expect(() => call(...args)).toThrow(new RegExp(`^${name}\\b`));
});

it.each([
  [null],
  ['wasm'],
  [{ backend: 'wsm' }],
  [{ backend: {} }],
  [{ backend: null }],
  [{ backand: 'wasm' }],
  [{ threads: 'two' }],
  [{ threads: 1.5 }],
  [{ worker: 1 }],
  [{ gpu: 1 }],
  [{ onCompile: 1 }],
  [{ work: NaN }],
  [{}, 1],
])('createEngine refuses %j', async (...args) => {
  await expect((createEngine as Loose)(...args)).rejects.toBeInstanceOf(ValueError);
});
