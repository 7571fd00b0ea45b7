/**
 * Freed objects are never run, read or written on a real WebGPU device, and an invalid call of one model does not affect
 * another on the same engine. `test/backends/lifetimes.test.ts` tests the other backends.
 */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/lifetimes.ts')>('test/browser/pages/lifetimes.ts');

it('each wrong call is an error of its kind, and the other model trains as if there had been none', async () => {
  const calls = await page('wrongCalls', undefined, { timeout: 85_000 });
  expect(Object.fromEntries(calls.map(({ call, error }) => [call, error]))).toEqual({
    'run -1': 'ValueError',
    'run 1.5': 'ValueError',
    'run NaN': 'ValueError',
    'run 2147483648': 'ValueError',
    'write at -1': 'ShapeError',
    'write at 0.5': 'ShapeError',
    'write at NaN': 'ShapeError',
    'write at 3': 'ShapeError',
    'write at 1099511627776': 'ShapeError',
    'write too many': 'ShapeError',
    'write int32': 'DTypeError',
    'write float64': 'DTypeError',
    'write a list': 'DTypeError',
    'read into too few': 'ShapeError',
    'read into int32': 'DTypeError',
    'read an output into too many': 'ShapeError',
    'read an output that does not exist': 'StateError',
    'nothing wrong': 'nothing',
    'run after release': 'StateError',
    'read an output after release': 'StateError',
    'read after release': 'StateError',
    'write after release': 'StateError',
    'run after dispose': 'StateError',
    'read after dispose': 'StateError',
    'a read that was asked for before dispose': 'nothing',
    'a prediction that ran when its model was disposed': 'nothing',
    'predict after dispose': 'StateError',
    'fit after dispose': 'StateError',
    'getWeights after dispose': 'StateError',
    'labels that do not fit': 'ShapeError',
    'weights that do not fit': 'ShapeError',
    'a fit while one runs': 'StateError',
    'dispose while a fit runs': 'StateError',
    'run after the engine': 'StateError',
    'compile after the engine': 'StateError',
    'train after the engine': 'StateError',
  });
  expect(calls.filter(({ difference }) => !(difference < 1e-3))).toEqual([]);
});

it('wrong calls of a backend leave the memory of others as it is', async () => {
  const { errors, kept } = await page('wrongCallsOfBackend');
  expect(errors).toEqual([
    'ShapeError',
    'ShapeError',
    'ShapeError',
    'DTypeError',
    'StateError',
    'StateError',
    'ShapeError',
    'StateError',
    'StateError',
    'StateError',
    'ShapeError',
  ]);
  expect(kept).toEqual([5, 6, 7, 8, 0, 0, 0, 0]);
});
