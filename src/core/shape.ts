/**
 * Shapes: row-major, dimensions of zero allowed, rank 0 is a scalar. Broadcasting follows NumPy: shapes are aligned
 * at their last axis, and a dimension of 1 stretches.
 */
import { describe } from './describe.ts';
import { ShapeError } from './errors.ts';

export type Shape = readonly number[];

/** More axes than this are refused: every kernel's stride tables have this many places. */
export const maxRank = 8;

/** Number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** `[32, 784]`, as error messages and listings write it. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Elements between neighbours along each axis of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The strides that read `from` as if it had shape `to`: 0 along every stretched axis. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const lead = to.length - from.length;
  return to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : own[axis - lead]!));
}

/** The shape that all of `shapes` broadcast to. Throws `ShapeError` naming `op`. */
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

/** `axis` counted from the front; negative axes count from the end. Throws `ShapeError` naming `op`. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ShapeError(`${op}: axis ${axis} does not exist in a tensor of rank ${rank}: use ${-rank} … ${rank - 1}`);
  }
  return normalized;
}

/** Sorted, unique, non-negative axes; `undefined` means all of them. */
export function normalizeAxes(op: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(op, axis, rank)).sort((a, b) => a - b);
  normalized.forEach((axis, index) => {
    if (axis === normalized[index + 1]) throw new ShapeError(`${op}: axis ${axis} is given twice`);
  });
  return normalized;
}

/** Refuses what is no shape: fractions, negatives, too many axes, more elements than a buffer can address. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError(`${op}: a shape must be an array of integers, such as [2, 3], not ${describe(shape)}`);
  }
  const bad = shape.findIndex((dimension) => !Number.isInteger(dimension) || dimension < 0);
  if (bad >= 0) {
    const given = describe(shape[bad]);
    throw new ShapeError(
      `${op}: ${formatShape(shape)} is no shape: every dimension must be an integer ≥ 0, not ${given}`,
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
