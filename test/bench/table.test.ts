import { expect, it } from 'vitest';
import type { BenchRecord } from '../../bench/suite.ts';
import { formatNumber, tableHead, tableLine } from '../../bench/table.ts';

const record: BenchRecord = {
  suite: 'step',
  name: 'batch 32',
  backend: 'wasm',
  threads: 1,
  milliseconds: { median: 0.6123, p10: 0.5987, p90: 0.7011 },
  value: 0.6123,
  unit: 'ms a step',
  ceiling: 0.4012,
  share: 0.6552,
};

it('is plain and in columns', () => {
  const unknown = { ...record, name: 'batch 32, until the first step', ceiling: null, share: null, unit: 'ms' };
  expect(`\n${[tableHead(), tableLine(record), tableLine(unknown)].join('\n')}\n`).toMatchInlineSnapshot(`
    "
    name                                backend  threads   median ms           p10–p90               value   ceiling   share
    batch 32                            wasm           1       0.612       0.599–0.701     0.612 ms a step     0.401    66 %
    batch 32, until the first step      wasm           1       0.612       0.599–0.701            0.612 ms         –       –
    "
  `);
});

it.each([
  [0, '0'],
  [0.001234, '0.00123'],
  [0.1234, '0.123'],
  [9.876, '9.88'],
  [98.76, '98.8'],
  [987.6, '988'],
  [12345.6, '12346'],
  [Infinity, 'Infinity'],
])('%s reads %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
