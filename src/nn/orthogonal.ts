/** The one initializer that needs linear algebra: an orthogonal matrix out of a random one. */
import { ShapeError } from '../core/errors.ts';
import { normal } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';

/**
 * The values of a weight of `shape`, seen as a matrix [all but the last axis, last axis]. Modified Gram-Schmidt in
 * float64, each vector twice ("twice is enough": Giraud, Langou, Rozložník 2005). R then has a positive diagonal, so
 * Q is the one that is distributed evenly over all orthogonal matrices (Mezzadri 2007).
 */
export function orthogonalRows(shape: Shape, key: Key, gain: number): Float32Array {
  if (shape.length < 2) throw new ShapeError(`orthogonal: needs at least 2 axes, not ${formatShape(shape)}`);
  const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1)!];
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const drawn = normal(key, count * length);
  const vectors = Array.from({ length: count }, (_, index) =>
    Float64Array.from(drawn.subarray(index * length, (index + 1) * length)),
  );
  vectors.forEach((vector, index) => {
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors.slice(0, index)) subtract(vector, earlier, dot(vector, earlier));
    }
    scale(vector, 1 / Math.sqrt(dot(vector, vector)));
  });
  const out = new Float32Array(rows * columns);
  vectors.forEach((vector, index) => {
    for (let place = 0; place < length; place++) {
      // The vectors are rows of a wide matrix and columns of a tall one.
      out[rows < columns ? index * columns + place : place * columns + index] = gain * vector[place]!;
    }
  });
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let place = 0; place < a.length; place++) sum += a[place]! * b[place]!;
  return sum;
}

function subtract(from: Float64Array, vector: Float64Array, factor: number): void {
  for (let place = 0; place < from.length; place++) from[place]! -= factor * vector[place]!;
}

function scale(vector: Float64Array, factor: number): void {
  for (let place = 0; place < vector.length; place++) vector[place]! *= factor;
}
