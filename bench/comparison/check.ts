/** Checks that a peer computes the same as gradlet: the speed of a wrong result means nothing. */
const productTolerance = 1e-3;
const lossTolerance = 1e-2;

/** Throws unless the two products agree to a thousandth of the maximum element. */
export function checkProduct(given: Float32Array, expected: Float32Array): void {
  if (given.length !== expected.length) {
    throw new Error(`the product has ${given.length} elements, not ${expected.length}`);
  }
  let [greatest, difference] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    greatest = Math.max(greatest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(given[i]! - expected[i]!)); // propagates NaN
  }
  if (difference <= productTolerance * greatest) return;
  throw new Error(`the product is wrong: an element is off by ${difference}, the greatest is ${greatest}`);
}

/** Throws unless every loss is within a hundredth of ours. */
export function checkLosses(given: readonly number[], expected: readonly number[]): void {
  expected.forEach((loss, round) => {
    if (Math.abs(given[round]! - loss) <= lossTolerance * Math.abs(loss)) return;
    throw new Error(`the losses differ: ${given.join(', ')}, not ${expected.join(', ')}`);
  });
}
