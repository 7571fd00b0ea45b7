/**
 * Shapes are row-major. Dimensions may be 0, and rank 0 is a scalar. Broadcasting follows NumPy: shapes are aligned at the last
 * axis, and a dimension of 1 stretches.
 */
import { describe } from './describe.ts';
import { ShapeError } from './errors.ts';

export type Shape = readonly number[];

/** Maximum rank, which is the size of the stride tables of kernels. */
export const maxRank = 8;

/** Returns the number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** Formats a shape for messages: `[32, 784]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Returns the strides of a contiguous tensor, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Returns strides, in elements, that read a tensor of shape `from` as shape `to`: 0 along every broadcast axis. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const lead = to.length - from.length;
  return to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : own[axis - lead]!));
}

/** Returns the shape to which all shapes broadcast. Throws `ShapeError` naming `op` if there is none. */
export function broadcastShapes(op: string, ...shapes: Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((dimension, index) => {
      const axis = rank - shape.length + index;
      const other = result[axis]!;
      if (other === 1) result[axis] = dimension;
      else if (dimension !== 1 && dimension !== other) {
        throw new ShapeError(
          `${op}: shapes ${shapes.map(formatShape).join(' and ')} do not broadcast ` +
            `(${other} vs ${dimension} at axis ${axis}): make the dimensions equal, or one of them 1`,
        );
      }
    });
  }
  return result;
}

/** Converts a negative axis, which counts from the end, to a non-negative one. Throws `ShapeError` if it does not exist. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ShapeError(`${op}: axis ${axis} does not exist in a tensor of rank ${rank}: use ${-rank} … ${rank - 1}`);
  }
  return normalized;
}

/** Returns sorted, non-negative axes; `undefined` means all. Throws `ShapeError` for duplicate or invalid axes. */
export function normalizeAxes(op: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(op, axis, rank)).sort((a, b) => a - b);
  normalized.forEach((axis, index) => {
    if (axis === normalized[index + 1]) throw new ShapeError(`${op}: axis ${axis} is given twice`);
  });
  return normalized;
}

/** Returns `shape`. Throws `ShapeError` for fractional or negative dimensions, too many axes, or more than 2^31 − 1 elements. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError(`${op}: a shape must be an array of integers, such as [2, 3], not ${describe(shape)}`);
  }
  const bad = shape.findIndex((dimension) => !Number.isInteger(dimension) || dimension < 0);
  if (bad >= 0) {
    const given = describe(shape[bad]);
    throw new ShapeError(
      `${op}: ${formatShape(shape)} is not a valid shape: every dimension must be an integer ≥ 0, not ${given}`,
    );
  }
  if (shape.length > maxRank) {
    throw new ShapeError(
      `${op}: ${formatShape(shape)} has rank ${shape.length}: at most ${maxRank} axes are supported`,
    );
  }
  if (sizeOf(shape) > 2 ** 31 - 1) {
    throw new ShapeError(
      `${op}: ${formatShape(shape)} has ${sizeOf(shape)} elements: at most 2^31 − 1 are addressable`,
    );
  }
  return shape;
}
