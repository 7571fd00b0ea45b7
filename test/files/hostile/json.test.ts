/** The JSON of a file. */
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/core/json.ts';
import { thrown } from '../../support/models.ts';

describe('the JSON of a file', () => {
  it('may hold a text of millions of characters', () => {
    const long = 'é\u4e00\\n'.repeat(2e6);
    expect((parseJson('test', `["${long}"]`) as string[])[0]!.length).toBe(6e6);
  });

  it('must hold numbers that float64 can', () => {
    expect(parseJson('test', '1e308')).toBe(1e308);
    expect(parseJson('test', '-0')).toBe(-0);
    expect(thrown(() => parseJson('test', '[1e309]'))).toContain("the number '1e309' is beyond the range of float64");
    expect(parseJson('test', `0.${'1'.repeat(510)}`)).toBeCloseTo(1 / 9, 12);
    expect(thrown(() => parseJson('test', '1'.repeat(513)))).toContain('a number of more than 512 characters');
  });

  it('may have any name, also twice in different objects', () => {
    const json = parseJson('test', '{"__proto__":{"__proto__":1},"\\ud800":[{},{},[],[]]}') as ReadonlyMap<
      string,
      unknown
    >;
    expect([...json.keys()]).toEqual(['__proto__', '\ud800']);
    expect((json.get('__proto__') as ReadonlyMap<string, unknown>).get('__proto__')).toBe(1);
    expect(thrown(() => parseJson('test', '{"a":1,"\\u0061":2}'))).toContain("key 'a' is given twice");
  });

  it('may be 64 deep', () => {
    const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson('test', deep(65))).toHaveLength(1);
    expect(thrown(() => parseJson('test', deep(67)))).toContain('nested more than 64 deep');
  });
});
