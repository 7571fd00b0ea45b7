/**
 * For `JSON.stringify`, where its text is a key: tells apart the numbers that JSON does not know, which it would all write as
 * null, and the two zeros.
 */
export function exactNumbers(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
