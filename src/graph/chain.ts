/**
 * A chain: element-wise ops over one index space that the fuse pass made into one kernel. Values are numbered: first
 * the step's inputs, then one for each instruction. What the wasm backend compiles comes from this, and the lines of
 * the WGSL skeleton.
 */
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

/** An axis of the walk over a chain's index space; row-major, the last one is the row. */
export interface WalkAxis {
  readonly size: number;
  /** For each input whether it has the axis; else it is stretched along it. */
  readonly walks: readonly boolean[];
}

/**
 * The axes of `shape`, which all inputs broadcast to, with neighbours joined that each input has both of or neither; at least
 * one. An input's element is found by its own axes alone: place = place · size + index along each, the outermost first.
 */
export function walkAxes(shape: Shape, inputs: readonly Shape[]): WalkAxis[] {
  const axes: WalkAxis[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const walks = inputs.map((from) => (from[axis - shape.length + from.length] ?? 1) !== 1);
    const last = axes.at(-1);
    const isJoined = last?.walks.every((has, index) => has === walks[index]);
    axes.push(isJoined ? { size: axes.pop()!.size * size, walks } : { size, walks });
  });
  return axes.length > 0 ? axes : [{ size: 1, walks: inputs.map(() => true) }];
}
