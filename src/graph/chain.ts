/**
 * A chain: element-wise ops over one index space that the fuse pass combined into one kernel. Values are numbered:
 * first the step's inputs, then one per instruction. The wasm backend compiles chains; for WebGPU they become lines of
 * a WGSL skeleton.
 */
import type { Shape } from '../core/shape.ts';
import type { Attributes, ElementwiseOp } from './op.ts';

/** An operand of an instruction: a value by its number, or a float32 constant. */
export type ChainArgument = { readonly value: number } | { readonly constant: number };

export interface ChainInstruction {
  readonly op: ElementwiseOp;
  readonly attributes: Attributes;
  readonly arguments: readonly ChainArgument[];
}

export interface Chain {
  readonly inputCount: number;
  readonly instructions: readonly ChainInstruction[];
  /** The number of the value that each output of the step takes. */
  readonly outputs: readonly number[];
}

/** An axis of the loops over a chain's index space. Row-major; the last axis is the row. */
export interface WalkAxis {
  readonly size: number;
  /** For each input, whether it has the axis; otherwise it is broadcast along it. */
  readonly walks: readonly boolean[];
}

/**
 * The axes of `shape`, which all inputs broadcast to. Adjacent axes are merged if each input has both or neither. There
 * is at least one axis. The offset of an input's element follows from the input's own axes, outermost first: offset =
 * offset · size + index for each.
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
