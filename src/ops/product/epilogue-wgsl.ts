/** The epilogue of a contraction's dispatch: constants, bindings and text for shaders/include/epilogue.wgsl. */
import { plainSum } from '../../graph/epilogue.ts';
import type { EpilogueAttributes } from '../../graph/epilogue.ts';
import { input } from '../../graph/kernel.ts';
import type { Dispatch, StepTypes } from '../../graph/kernel.ts';
import { helpersOf } from '../elementwise/elementwise-wgsl.ts';

/** A bias, a residual operand and an activation that a kernel applies to each sum before storing it. */
export interface GpuEpilogue extends EpilogueAttributes {
  /** Index of an activation built into `shaders/product/matmul-quads.wgsl`; undefined for other functions. */
  readonly finish: number | undefined;
  /** The WGSL text of the function. */
  readonly blocks: NonNullable<Dispatch['blocks']>;
}

/** The GPU form of a step's epilogue. */
export function gpuEpilogue({ attributes, epilogue = plainSum }: StepTypes<EpilogueAttributes>): GpuEpilogue {
  const { activation, bias, residual } = attributes;
  const finish = typeof epilogue.wasm === 'number' ? epilogue.wasm : undefined;
  const blocks = { helpers: helpersOf([epilogue]), activate: `let x=sum+other;return ${epilogue.wgsl};` };
  return { activation, bias, residual, finish, blocks };
}

/** The epilogue's part of a dispatch. Unused operands must still be bound to a buffer, so they are bound to input 0. */
export function epilogueParts({
  bias,
  residual,
  blocks,
}: GpuEpilogue): Required<Pick<Dispatch, 'bindings' | 'constants' | 'blocks'>> {
  return {
    bindings: { bias: input(bias), residual: input(residual) },
    constants: { has_bias: bias && 1, has_residual: residual && 1 },
    blocks,
  };
}
