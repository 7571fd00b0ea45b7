/**
 * A replacer for `JSON.stringify` when the text serves as a cache key: it distinguishes NaN and both infinities, which JSON
 * writes as null, and the two zeros.
 */
export function exactNumbers(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
