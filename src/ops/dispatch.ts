/** Grids of WGSL kernels, and the commonest dispatch: one thread an element. */
import type { ShaderSource } from '../core/shader-source.ts';
import type { DeviceTraits, Dispatch, GpuKernel } from '../graph/kernel.ts';

/** The most workgroups along one axis that WebGPU promises. */
export const maxGroups = 65535;

type Grid = Dispatch['grid'];

/** `count` workgroups along x, folded into y where they are too many: a kernel counts `group.y * groups.x + group.x`. */
export function foldedGrid(count: number): Grid {
  const rows = Math.max(1, Math.ceil(count / maxGroups));
  return [Math.ceil(count / rows), rows, 1];
}

/** Threads of a workgroup in the kernels that have no tile: their override `threads`. */
export const elementThreads = 64;

/**
 * Threads for `count` elements in a kernel that walks in strides: SwiftShader takes 1.7 ms instead of 2.9 for Adam over
 * 100,000 parameters with 32 workgroups of 64 threads; 128 threads in each gain nothing.
 */
export function stridingThreads(count: number, device?: DeviceTraits): number {
  return device?.softwareQuads ? Math.min(count, 32 * elementThreads) : count;
}

/** One thread for each of `count` elements. The entry leaves early where there are more threads than elements. */
export function elementDispatch(
  shader: ShaderSource,
  entry: string,
  count: number,
  rest: Pick<Dispatch, 'bindings' | 'uniforms' | 'constants' | 'blocks'>,
): Dispatch {
  const constants = { threads: elementThreads, ...rest.constants };
  return { shader, entry, ...rest, constants, grid: foldedGrid(Math.ceil(count / constants.threads)) };
}

/** Threads of a workgroup in the kernels that work on rows. */
export const rowThreads = 64;

/** A dispatch of `count` outputs, each of which `lanes` threads share: 1, or a power of two up to all of a workgroup. */
export function lanesDispatch(count: number, lanes: number, rest: Omit<Dispatch, 'blocks' | 'grid'>): Dispatch {
  return { ...rest, blocks: { lanes: `${lanes}u` }, grid: foldedGrid(Math.ceil((count * lanes) / rowThreads)) };
}

/** The kernel, and where a whole workgroup shares a row, another one that uses subgroups, for GPUs that have them. */
export function withSubgroups<A>(kernel: GpuKernel<A>): readonly GpuKernel<A>[] {
  const isShared = ({ blocks }: Dispatch): boolean => blocks!['lanes'] === `${rowThreads}u`;
  return [
    {
      ...kernel,
      name: 'subgroups',
      requires: (step) => !!step.device?.subgroups && kernel.lower(step).some(isShared),
      when: ({ device }) => !device!.softwareQuads,
      lower: (step) =>
        kernel
          .lower(step)
          .map((made) => (isShared(made) ? { ...made, blocks: { ...made.blocks, ...step.device!.subgroups } } : made)),
    },
    kernel,
  ];
}
