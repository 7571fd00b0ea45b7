import { expect, it } from 'vitest';
import { markPureCalls } from '../../tools/lib/pure-calls.mjs';

it.each([
  ['export const tanh = unary({', 'export const tanh = /* @__PURE__ */ unary({'],
  ['const table: Map<string, number> = new Map([', 'const table: Map<string, number> = /* @__PURE__ */ new Map(['],
  ['export const a = make<Options>({', 'export const a = /* @__PURE__ */ make<Options>({'],
  ['export const b = lists.pick(1);', 'export const b = /* @__PURE__ */ lists.pick(1);'],
])('marks the call in %j', (code, expected) => {
  expect(markPureCalls(code)).toBe(expected);
});

it.each(['  const inner = call(1);', 'export const f = (x: number): number => g(x);', 'const n = 4;', 'run(1);'])(
  'leaves %j alone',
  (code) => {
    expect(markPureCalls(code)).toBe(code);
  },
);
