/**
 * A chain: element-wise ops over one index space that the fuse pass made into one kernel. Values are numbered: first
 * the step's inputs, then one for each instruction. What wasm interprets or compiles comes from this, and the lines of
 * the WGSL skeleton.
 */
import { broadcastStrides, sameShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import type { Attributes, ElementwiseOp } from './op.ts';

/** An operand of an instruction: a value by its number, or a float32 known now. */
export type ChainArgument = { readonly value: number } | { readonly constant: number };

export interface ChainInstruction {
  readonly op: ElementwiseOp;
  readonly attributes: Attributes;
  readonly arguments: readonly ChainArgument[];
}

export interface Chain {
  readonly inputCount: number;
  readonly instructions: readonly ChainInstruction[];
  /** The value that each output of the step takes. */
  readonly outputs: readonly number[];
}

/** How element i of the chain's index space reads an input. Row-major; element counts. */
export type Access =
  | { readonly kind: 'contiguous' }
  | { readonly kind: 'scalar' }
  /** Element i % period: a trailing part of the shape. */
  | { readonly kind: 'row'; readonly period: number }
  /** Element floor(i / count): a leading part of the shape, stretched along the rest. */
  | { readonly kind: 'repeat'; readonly count: number }
  /** Any other broadcast: strides of 0 along stretched axes. */
  | { readonly kind: 'strided'; readonly shape: Shape; readonly strides: readonly number[] };

/** The cheapest way to read a tensor of shape `from` while walking over shape `to`, which it broadcasts to. */
export function accessOf(from: Shape, to: Shape): Access {
  const size = sizeOf(from);
  if (size === sizeOf(to)) return { kind: 'contiguous' };
  if (size === 1) return { kind: 'scalar' };
  const trimmed = from.slice(from.findIndex((dimension) => dimension !== 1));
  if (sameShape(trimmed, to.slice(to.length - trimmed.length))) return { kind: 'row', period: size };
  const aligned = [...new Array<number>(to.length - from.length).fill(1), ...from];
  const last = aligned.findLastIndex((dimension) => dimension !== 1);
  if (sameShape(aligned.slice(0, last + 1), to.slice(0, last + 1))) {
    return { kind: 'repeat', count: sizeOf(to.slice(last + 1)) };
  }
  return mergeAxes(to, broadcastStrides(from, to));
}

/** Joins neighbouring axes that one stride can walk, so that kernels see the fewest axes. */
function mergeAxes(shape: Shape, strides: readonly number[]): Access {
  const mergedShape: number[] = [];
  const mergedStrides: number[] = [];
  shape.forEach((dimension, axis) => {
    if (dimension === 1) return;
    const stride = strides[axis]!;
    const last = mergedShape.length - 1;
    if (last >= 0 && mergedStrides[last] === stride * dimension) {
      mergedShape[last]! *= dimension;
      mergedStrides[last] = stride;
    } else {
      mergedShape.push(dimension);
      mergedStrides.push(stride);
    }
  });
  return { kind: 'strided', shape: mergedShape, strides: mergedStrides };
}
