/** The epilogue of a contraction's dispatch: what shaders/include/epilogue.wgsl needs. */
import { plainSum } from '../../graph/epilogue.ts';
import type { EpilogueAttributes } from '../../graph/epilogue.ts';
import { input } from '../../graph/kernel.ts';
import type { Dispatch, StepTypes } from '../../graph/kernel.ts';
import { helpersOf } from '../elementwise/elementwise-wgsl.ts';

export interface GpuEpilogue extends EpilogueAttributes {
  /** The number of a function that `shaders/product/matmul-quads.wgsl` knows; undefined for others. */
  readonly finish: number | undefined;
  /** The text of its function. */
  readonly blocks: NonNullable<Dispatch['blocks']>;
}

/** The epilogue of a step. */
export function gpuEpilogue({ attributes, epilogue = plainSum }: StepTypes<EpilogueAttributes>): GpuEpilogue {
  const { activation, bias, residual } = attributes;
  const finish = typeof epilogue.wasm === 'number' ? epilogue.wasm : undefined;
  const blocks = { helpers: helpersOf([epilogue]), activate: `let x=sum+other;return ${epilogue.wgsl};` };
  return { activation, bias, residual, finish, blocks };
}

/** Its part of a dispatch. An operand that is not read is bound to something that is there. */
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
