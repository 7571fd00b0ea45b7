/**
 * Dispatches of reductions over [outer, reduce, inner] on WebGPU. Reductions with many outputs take one dispatch. With
 * few outputs the reduced axis is split into segments, whose length depends on the shape alone, and a second dispatch
 * reduces the partial results.
 */
import { reduce as shader } from '../../generated/shaders/reduce.ts';
import type { Dispatch, Operand } from '../../graph/kernel.ts';
import { input, output, scratch } from '../../graph/kernel.ts';
import { lanesDispatch, rowThreads } from '../dispatch.ts';

interface Sizes {
  readonly outer: number;
  readonly reduce: number;
  readonly inner: number;
}

/** Indices of reduction kinds in the shader, as in `reduceKinds`. */
const mean = 1;
const sumOfSquares = 4;

/** Rows of at least this length are reduced by a workgroup instead of a thread. */
const longRow = 64;
/** Elements per segment: of a row, reduced by a workgroup, and of a column, reduced by a thread. */
const rowSegment = 4096;
const columnSegment = 128;
/** Numbers of outputs that occupy the device without splitting. */
const enoughRows = 256;
const enoughColumns = 16384;

/** The number of segments of the reduced axis; 1 for a single dispatch. */
export function reduceSplits({ outer, reduce, inner }: Sizes): number {
  const [segment, enough] = inner === 1 ? [rowSegment, enoughRows] : [columnSegment, enoughColumns];
  if (outer * inner >= enough || reduce < 2 * segment) return 1;
  return Math.min(Math.ceil(reduce / segment), 256);
}

/** Scratch bytes for the partial results; empty for a single dispatch. */
export function reduceScratch(sizes: Sizes): readonly number[] {
  const splits = reduceSplits(sizes);
  return splits === 1 ? [] : [4 * sizes.outer * sizes.inner * splits];
}

/** `kind` is an index of the shader's reduction kinds. */
export function lowerReduce(sizes: Sizes, kind: number): readonly Dispatch[] {
  const splits = reduceSplits(sizes);
  if (splits === 1) return [reducePass(sizes, 1, kind, sizes.reduce, input(0), output(0))];
  const second = kind === sumOfSquares ? 0 : kind;
  const parts = { ...sizes, reduce: splits };
  return [
    reducePass(sizes, splits, kind === mean ? 0 : kind, 1, input(0), scratch(0)),
    reducePass(parts, 1, second, sizes.reduce, scratch(0), output(0)),
  ];
}

/** One dispatch: `splits` results per output, each the reduction of one segment of the reduced axis. */
export function reducePass(
  { outer, reduce, inner }: Sizes,
  splits: number,
  kind: number,
  divisor: number,
  from: Operand,
  to: Operand,
): Dispatch {
  const count = outer * inner * splits;
  const segment = Math.ceil(reduce / splits);
  const lanes = inner > 1 || segment < longRow ? 1 : rowThreads;
  return lanesDispatch(count, lanes, {
    shader,
    entry: 'reduce',
    constants: { kind },
    bindings: { x: from, y: to },
    uniforms: { count, reduce, inner, splits, segment, divisor },
  });
}
