/** Float64 functions that `Math` lacks, for the reference implementations of ops. */

/**
 * The error function, accurate to about 1e-15. Small |x|: the Maclaurin series in the form without cancellation, erf x =
 * 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)) (Abramowitz and Stegun 7.1.6). Larger |x|: 1 − erfc.
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 2.5) return Math.sign(x) * (1 - erfc(magnitude));
  let term = magnitude;
  let sum = term;
  for (let n = 1; term > sum * 2 ** -54; n++) {
    term *= (2 * magnitude * magnitude) / (2 * n + 1);
    sum += term;
  }
  return (Math.sign(x) * 2 * Math.exp(-magnitude * magnitude) * sum) / Math.sqrt(Math.PI);
}

/**
 * 1 − erf x for x ≥ 0, without cancellation: a continued fraction (Abramowitz and Stegun 7.1.14), evaluated from its
 * tail.
 */
export function erfc(x: number): number {
  if (x <= 2.5) return 1 - erf(x);
  let tail = x;
  for (let n = 120; n > 0; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/** 1 / (1 + e^(−x)), without overflow. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/**
 * The logarithm of the softmax of `length` values of x from index `start`: (x − max) − log Σ exp(x − max). The order
 * matters: max + log Σ would round log Σ away for logits of 1e16 and more.
 */
export function logSoftmaxRow(x: Float64Array, start: number, length: number): Float64Array {
  const row = x.slice(start, start + length);
  const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(largest)) return row.fill(NaN); // undefined if any logit is ∞ or all are −∞
  const logSum = Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return row.map((value) => value - largest - logSum);
}
