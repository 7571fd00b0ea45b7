/** Grids of WGSL kernels, and the most common dispatch: one thread per element. */
import type { ShaderSource } from '../core/shader-source.ts';
import type { DeviceTraits, Dispatch, GpuKernel } from '../graph/kernel.ts';

/** The maximum number of workgroups per grid dimension that WebGPU guarantees. */
export const maxGroups = 65535;

type Grid = Dispatch['grid'];

/**
 * A grid of at least `count` workgroups along x, folded into y above the x limit. Kernels compute the workgroup index as
 * `group.y * groups.x + group.x`.
 */
export function foldedGrid(count: number): Grid {
  const rows = Math.max(1, Math.ceil(count / maxGroups));
  return [Math.ceil(count / rows), rows, 1];
}

/** Workgroup size of kernels without tiles: the default of their override `threads`. */
export const elementThreads = 64;

/**
 * The number of threads for `count` elements in a kernel with a grid-stride loop. On SwiftShader, 32 workgroups of 64
 * threads take 1.7 ms instead of 2.9 ms for Adam over 100,000 parameters; 128 threads per workgroup are no faster.
 */
export function stridingThreads(count: number, device?: DeviceTraits): number {
  return device?.softwareQuads ? Math.min(count, 32 * elementThreads) : count;
}

/** A dispatch with one thread for each of `count` elements. The entry point returns early in surplus threads. */
export function elementDispatch(
  shader: ShaderSource,
  entry: string,
  count: number,
  rest: Pick<Dispatch, 'bindings' | 'uniforms' | 'constants' | 'blocks'>,
): Dispatch {
  const constants = { threads: elementThreads, ...rest.constants };
  return { shader, entry, ...rest, constants, grid: foldedGrid(Math.ceil(count / constants.threads)) };
}

/** Workgroup size of the kernels that process rows. */
export const rowThreads = 64;

/** A dispatch for `count` outputs, each computed by `lanes` threads: 1, or a power of two up to the workgroup size. */
export function lanesDispatch(count: number, lanes: number, rest: Omit<Dispatch, 'blocks' | 'grid'>): Dispatch {
  return { ...rest, blocks: { lanes: `${lanes}u` }, grid: foldedGrid(Math.ceil((count * lanes) / rowThreads)) };
}

/**
 * Returns the kernel, preceded by a variant that uses subgroups on GPUs that support them, for rows that a whole
 * workgroup shares.
 */
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
