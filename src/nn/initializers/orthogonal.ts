/** Random orthogonal matrices, computed from Householder reflections. */
import { ShapeError } from '../../core/errors.ts';
import { deriveKey, normal } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import { formatShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import { tileMemory } from './tile-product.ts';
import type { TileMemory } from './tile-product.ts';

/** Block sizes of the matrix products (depth and rows), chosen so that the operands of a block stay in the cache. */
const sumBlock = 128;
const rowBlock = 64;

/**
 * Generates a random matrix [all axes except the last, last axis] that is orthonormal along its shorter side, times `gain`.
 *
 * The result is the Q of a random normal matrix whose R has a positive diagonal; it is uniformly distributed over all orthogonal
 * matrices (Mezzadri 2007). It is computed as a product of Householder reflections of random normal vectors of decreasing
 * length (Stewart 1980: The efficient generation of random orthogonal matrices). The product is written in the compact form
 * I − V · T · Vᵀ, where T⁻¹ is the upper triangle of VᵀV with half its diagonal (Puglisi 1992). Almost all of the work
 * is then matrix products: 2 · length · count² − ⅔ · count³ operations in float64.
 */
export function orthogonalRows(shape: Shape, key: Key, gain: number): Float32Array {
  const steps = orthogonalSteps(shape, key, gain);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** As `orthogonalRows`, in steps of a few milliseconds, so that a page remains responsive. */
export function* orthogonalSteps(
  shape: Shape,
  key: Key,
  gain: number,
  makeMemory: (length: number) => TileMemory = tileMemory,
): Generator<undefined, Float32Array> {
  if (shape.length < 2) throw new ShapeError(`orthogonal: needs at least 2 axes, not ${formatShape(shape)}`);
  const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1)!];
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const out = new Float32Array(rows * columns);
  if (count === 0) return out;
  // Dimensions are rounded up to whole tiles. The row stride is not a power of 2, to avoid cache conflicts.
  const [width, height] = [roundUp(count), roundUp(length)];
  const stride = width + 8;
  const [vectors, upper, block] = [0, height * stride, (height + width) * stride];
  const { values, product } = makeMemory(block + rowBlock * stride);
  const row = 8 * stride;

  const signs = yield* drawReflections(values, stride, count, length, key);

  // T⁻¹: the upper triangle of VᵀV with half its diagonal, which is 1.
  for (let from = 0; from < length; from += sumBlock) {
    const depth = Math.min(sumBlock, length - from);
    const source = vectors + from * stride;
    // Column j of V is 0 above row j.
    for (let j = 0; j < Math.min(width, from + depth); j += 4) {
      for (let i = 0; i <= j; i += 4) {
        product(8 * (source + i), 8, row, 8 * (source + j), row, 8 * (upper + i * stride + j), row, depth);
      }
      if (j % rowBlock === 0) yield;
    }
  }

  // M = T · V₁ᵀ, where V₁ is the top square of V: back substitution solves T⁻¹ · M = V₁ᵀ in place of T⁻¹.
  for (let top = Math.floor((width - 1) / rowBlock) * rowBlock; top >= 0; top -= rowBlock) {
    const bottom = Math.min(width, top + rowBlock);
    values.fill(0, block, block + rowBlock * stride);
    for (let from = bottom; from < width; from += sumBlock) {
      for (let j = from; j < width; j += 4) {
        const right = upper + from * stride + j;
        const depth = Math.min(sumBlock, j + 4 - from);
        for (let i = top; i < bottom; i += 4) {
          const [left, target] = [upper + i * stride + from, block + (i - top) * stride + j];
          product(8 * left, row, 8, 8 * right, row, 8 * target, row, depth);
        }
      }
      yield;
    }
    for (let i = bottom - 4; i >= top; i -= 4) {
      const own = upper + i * stride + i;
      for (let j = i; j < width; j += 4) {
        const target = block + (i - top) * stride + j;
        const depth = Math.min(bottom, j + 4) - (i + 4);
        if (depth > 0) product(8 * (own + 4), row, 8, 8 * (target + 4 * stride), row, 8 * target, row, depth);
        solveTile(values, own, vectors + j * stride + i, target, stride);
      }
    }
    for (let i = top; i < bottom; i++) {
      const solved = block + (i - top) * stride;
      values.copyWithin(upper + i * stride + top, solved + top, solved + width);
    }
    yield;
  }

  // Q = I − V · M, one block of rows at a time.
  for (let top = 0; top < length; top += rowBlock) {
    const bottom = Math.min(height, top + rowBlock);
    values.fill(0, block, block + rowBlock * stride);
    for (let from = 0; from < Math.min(width, bottom); from += sumBlock) {
      for (let j = from; j < width; j += 4) {
        const depth = Math.min(sumBlock, j + 4 - from, bottom - from);
        const right = upper + from * stride + j;
        for (let i = top; i < bottom; i += 4) {
          const left = vectors + i * stride + from;
          product(8 * left, row, 8, 8 * right, row, 8 * (block + (i - top) * stride + j), row, depth);
        }
      }
      yield;
    }
    for (let i = top; i < Math.min(bottom, length); i++) {
      const source = block + (i - top) * stride;
      for (let j = 0; j < count; j++) {
        const value = ((i === j ? 1 : 0) - values[source + j]!) * signs[j]! * gain;
        // The orthonormal vectors are the rows of a wide matrix and the columns of a tall one.
        out[rows < columns ? j * columns + i : i * columns + j] = value;
      }
    }
  }
  return out;
}

/** Back substitution within the 4 × 4 tile of M at `target`, which contains the sums over the rows below it. */
function solveTile(values: Float64Array, upper: number, vectors: number, target: number, stride: number): void {
  for (let r = 3; r >= 0; r--) {
    for (let column = 0; column < 4; column++) {
      let value = values[vectors + column * stride + r]! - values[target + r * stride + column]!;
      for (let k = r + 1; k < 4; k++) value -= values[upper + r * stride + k]! * values[target + k * stride + column]!;
      values[target + r * stride + column] = value;
    }
  }
}

/**
 * Fills column j of V, [length][stride], with a Householder vector of squared length 2 that is 0 above row j. It reflects a
 * random normal vector onto axis j.
 *
 * @returns the sign, 1 or −1, of each column that makes the diagonal of R positive
 */
function* drawReflections(
  values: Float64Array,
  stride: number,
  count: number,
  length: number,
  key: Key,
): Generator<undefined, Float64Array> {
  const squares = new Float64Array(count);
  for (let top = 0; top < length; top += rowBlock) {
    const drawn = normal(deriveKey(key, top), rowBlock * count);
    for (let i = top; i < Math.min(length, top + rowBlock); i++) {
      for (let j = 0; j < Math.min(i + 1, count); j++) {
        const value = drawn[(i - top) * count + j]!;
        values[i * stride + j] = value;
        squares[j]! += value * value;
      }
    }
    yield;
  }
  const signs = new Float64Array(count);
  const scales = squares.map((square, j) => {
    const first = values[j * stride + j]!;
    const size = Math.sqrt(square) || 1;
    signs[j] = first < 0 ? 1 : -1;
    values[j * stride + j] = first < 0 ? first - size : first + size;
    return 1 / Math.sqrt(size * (size + Math.abs(first)));
  });
  for (let i = 0; i < length; i++) {
    for (let j = 0; j < Math.min(i + 1, count); j++) values[i * stride + j]! *= scales[j]!;
  }
  yield;
  return signs;
}

function roundUp(size: number): number {
  return Math.ceil(size / 4) * 4;
}
