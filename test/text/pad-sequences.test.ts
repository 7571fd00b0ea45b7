/** Padding sequences to one length: Keras's documented examples, and random sequences against a simple implementation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padSequences } from '../../src/text/pad-sequences.ts';
import type { PadSequencesOptions } from '../../src/text/pad-sequences.ts';
import { thrown } from '../support/models.ts';

describe('padSequences', () => {
  it.each<[PadSequencesOptions, string]>([
    [{}, '0 0 1, 0 2 3, 4 5 6'],
    [{ value: -1 }, '-1 -1 1, -1 2 3, 4 5 6'],
    [{ padding: 'post' }, '1 0 0, 2 3 0, 4 5 6'],
    [{ length: 2 }, '0 1, 2 3, 5 6'],
    [{ length: 2, truncating: 'post' }, '0 1, 2 3, 4 5'],
  ])('%j, as Keras documents it', (options, expected) => {
    const padded = padSequences([[1], [2, 3], [4, 5, 6]], options);
    expect(padded.toArray()).toEqual(expected.split(', ').map((row) => row.split(' ').map(Number)));
    expect(padded.dtype).toBe('int32');
  });

  it('takes empty sequences, none at all, and typed arrays', () => {
    expect([...padSequences([[], Int32Array.of(7)], { length: 2 }).data]).toEqual([0, 0, 0, 7]);
    expect(padSequences([]).shape).toEqual([0, 0]);
    expect(padSequences([[], []]).shape).toEqual([2, 0]);
    expect(padSequences([[1, 2]], { length: 0 }).shape).toEqual([1, 0]);
  });

  it('keeps one end and fills the other, whatever the lengths', () => {
    const ends = fc.constantFrom('pre' as const, 'post' as const);
    const given = fc.array(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 9 }));
    fc.assert(
      fc.property(given, fc.nat(9), ends, ends, (rows, length, padding, truncating) => {
        const expected = rows.map((row) => {
          const kept = truncating === 'post' ? row.slice(0, length) : row.slice(Math.max(0, row.length - length));
          const filling = new Array<number>(length - kept.length).fill(9);
          return padding === 'pre' ? [...filling, ...kept] : [...kept, ...filling];
        });
        expect(padSequences(rows, { length, padding, truncating, value: 9 }).toArray()).toEqual(expected);
      }),
    );
  });

  it.each([
    [() => padSequences([[1], [1.5]]), 'ValueError: padSequences: sequences[1][0] is 1.5, expected a whole number'],
    [() => padSequences([[NaN]]), 'sequences[0][0] is NaN'],
    [() => padSequences([[2 ** 31]]), 'sequences[0][0] is 2147483648'],
    [() => padSequences([3 as unknown as number[]]), 'sequences[0] must be a list of numbers, not 3'],
    [() => padSequences(['abc' as unknown as number[]]), "sequences[0] must be a list of numbers, not 'abc'"],
    [() => padSequences([[1]], { length: -1 }), 'ValueError: padSequences: length must be an integer ≥ 0, not -1'],
    [
      () => padSequences([[1]], { length: 2 ** 31 }),
      'ShapeError: padSequences: [1, 2147483648] has 2147483648 elements',
    ],
    [() => padSequences([[1]], { padding: 'right' as 'pre' }), "padding must be 'pre' or 'post', not 'right'"],
    [() => padSequences([[1]], { truncating: '' as 'pre' }), "truncating must be 'pre' or 'post'"],
    [() => padSequences([[1]], { value: 0.5 }), 'value must be an int32, not 0.5'],
  ])('%s', (action, message) => {
    expect(thrown(action)).toContain(message);
  });
});
