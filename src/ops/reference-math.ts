/** Functions that `Math` lacks, in float64, for the ops' references. */

/**
 * The error function to about 1e-15. For small |x| its Maclaurin series in the form without cancellation,
 * erf x = 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)) (Abramowitz and Stegun 7.1.6); beyond, 1 − erfc.
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

/** 1 − erf x for x ≥ 0, without cancellation: a continued fraction (7.1.14) evaluated from its tail. */
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

/** log Σ exp xᵢ of the `length` values from `start`, without overflow. */
export function logSumExp(x: Float64Array, start: number, length: number): number {
  let greatest = -Infinity;
  for (let index = 0; index < length; index++) greatest = Math.max(greatest, x[start + index]!);
  if (!Number.isFinite(greatest)) return NaN; // no distribution follows from ∞, or from −∞ alone
  let sum = 0;
  for (let index = 0; index < length; index++) sum += Math.exp(x[start + index]! - greatest);
  return greatest + Math.log(sum);
}
