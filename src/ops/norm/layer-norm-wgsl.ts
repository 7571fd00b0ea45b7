/** Dispatches of layer normalization on WebGPU: threads per row, and elements per thread held in registers. */
import { layerNorm as shader } from '../../generated/shaders/layer-norm.ts';
import { input, output } from '../../graph/kernel.ts';
import type { GpuKernel } from '../../graph/kernel.ts';
import { foldedGrid } from '../dispatch.ts';
import { rowSizes } from './softmax.ts';

/** Rows per block of sums for the gradients of scale and offset. The two sums take at most 1/16 of x. */
export const partRows = 32;

/** Maximum number of row elements that a thread holds in registers. */
const mostHeld = 16;

interface Threads {
  readonly threads: number;
  readonly lanes: number;
  readonly held: number;
}

/** Adjacent threads read adjacent elements from five columns on. A workgroup of 256 threads holds 4096 elements. */
function threadsOf(columns: number): Threads {
  const lanes = columns <= 4 ? 1 : columns <= 128 ? 8 : columns <= 1024 ? 64 : 256;
  let held = 1;
  while (held < mostHeld && held * lanes < columns) held *= 2; // a power of two limits the number of pipelines
  return { threads: Math.max(lanes, 64), lanes, held };
}

/**
 * The subgroup version of a row's sums, which replaces a tree reduction over workgroup memory. Each subgroup reads the
 * partial sums of all threads, its threads taking turns, and adds them. Every subgroup computes the full sum, whatever
 * its size and whichever threads it contains, and on one device always in the same order.
 */
const subgroups =
  'enable subgroups;const by_tree=false;' +
  'fn turns(x:u32)->vec2u{return vec2u(subgroupExclusiveAdd(1u),subgroupAdd(1u));}' +
  'fn across(x:vec2f)->vec2f{return subgroupAdd(x);}';

interface Attributes {
  readonly epsilon: number;
}

/** Kernels of an entry point. `names` are its inputs in order; the first one holds the rows. */
export function normKernels(entry: string, ...names: readonly string[]): readonly GpuKernel<Attributes>[] {
  const kernel: GpuKernel<Attributes> = {
    name: 'rows',
    lower: ({ inputs, attributes: { epsilon } }) => {
      const { rows, columns } = rowSizes(inputs[0]!);
      const { threads, lanes, held } = threadsOf(columns);
      const groups = entry === 'layer_norm_sums' ? Math.ceil(rows / partRows) : Math.ceil((rows * lanes) / threads);
      return [
        {
          shader,
          entry,
          blocks: { threads: `${threads}u`, lanes: `${lanes}u`, held: `${held}u`, part_rows: `${partRows}u` },
          bindings: { ...Object.fromEntries(names.map((name, index) => [name, input(index)])), y: output(0) },
          uniforms: { rows, columns, epsilon },
          grid: foldedGrid(groups),
        },
      ];
    },
  };
  return [
    {
      ...kernel,
      name: 'subgroups',
      requires: ({ inputs, device }) => {
        const { threads, lanes } = threadsOf(rowSizes(inputs[0]!).columns);
        return !!device?.subgroups && lanes === threads;
      },
      when: ({ device }) => !device?.softwareQuads,
      lower: (step) =>
        kernel.lower(step).map((dispatch) => ({ ...dispatch, blocks: { ...dispatch.blocks, subgroups } })),
    },
    kernel,
  ];
}
