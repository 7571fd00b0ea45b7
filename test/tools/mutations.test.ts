/** The mutation tables match the current code; `npm run test:mutations` runs them. */
import { expect, it } from 'vitest';
import { loadFaults, markdownTable, outcomeOf, problemOf, withFault } from '../../tools/lib/mutations.ts';
import type { Fault, TestReport } from '../../tools/lib/mutations.ts';

const families = await loadFaults();
const faults = [...families.values()].flat();
const fault: Fault = { name: 'a | b', file: 'src/a.ts', find: 'x', replace: '$&y', tests: ['test/a.test.ts'] };

it('every fault is found once in its file, and names tests that there are', () => {
  expect(families.size).toBeGreaterThan(4);
  expect(faults.map(problemOf).filter((problem) => problem !== '')).toEqual([]);
  expect(problemOf({ ...fault, file: 'src/index.ts' })).toBe('a | b: there is no file test/a.test.ts');
  expect(problemOf({ ...faults[0]!, tests: [] })).toMatch(/it names no test$/);
  expect(problemOf({ ...faults[0]!, find: 'not there' })).toMatch(/occurs 0 times in src\/.*: not there$/);
});

it('every fault has a name of its own', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
});

it('puts in the text as it is written', () => {
  expect(withFault('a x b', fault)).toBe('a $&y b');
  expect(() => withFault('x x', fault)).toThrow('occurs 2 times');
  expect(() => withFault('x', { ...fault, find: '' })).toThrow('occurs 0 times');
  expect(() => withFault('x', { ...fault, replace: 'x' })).toThrow('changes nothing');
});

it('tells what is caught from what survives and from what does not run', () => {
  const reportOf = (status: string, ...tests: readonly string[]): TestReport => ({
    numTotalTests: tests.length,
    testResults: [
      {
        name: 'a.test.ts',
        status,
        message: status === 'failed' ? 'unexpected token\nat line 3' : '',
        assertionResults: tests.map((each, index) => ({ fullName: `test ${index}`, status: each })),
      },
    ],
  });
  const passing = reportOf('passed', 'passed', 'passed');
  expect(outcomeOf(fault, reportOf('failed', 'passed', 'failed', 'failed'), 'code 1')).toMatchObject({
    state: 'caught',
    detail: 'test 1',
  });
  expect(outcomeOf(fault, passing, '')).toMatchObject({ state: 'survived', detail: '' });
  expect(outcomeOf(fault, passing, 'code 1')).toMatchObject({ state: 'invalid', detail: 'code 1' });
  expect(outcomeOf(fault, reportOf('failed'), 'code 1')).toMatchObject({
    state: 'invalid',
    detail: 'unexpected token',
  });
  expect(outcomeOf(fault, null, 'too late')).toMatchObject({ state: 'invalid', detail: 'too late' });
});

it('prints a table', () => {
  expect(
    markdownTable([
      { fault, state: 'caught', detail: 'test\n1' },
      { fault, state: 'survived', detail: '' },
    ]),
  ).toBe(
    [
      '| Fault | File | Caught by |',
      '| --- | --- | --- |',
      '| a \\| b | `src/a.ts` | “test 1” |',
      '| a \\| b | `src/a.ts` | **survived** |',
    ].join('\n'),
  );
});
