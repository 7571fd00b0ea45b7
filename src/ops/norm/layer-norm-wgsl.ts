/** The dispatches of layer normalization on WebGPU: how many threads share a row, and how much of it they keep. */
import { layerNorm as shader } from '../../generated/shaders/layer-norm.ts';
import { input, output } from '../../graph/kernel.ts';
import type { GpuKernel } from '../../graph/kernel.ts';
import { foldedGrid } from '../dispatch.ts';
import { rowSizes } from './softmax.ts';

/** Rows that are added up together for the gradients of scale and offset: their sums are a sixteenth of x, or less. */
export const partRows = 32;

/** The most elements of a row that a thread keeps in registers. */
const mostHeld = 16;

interface Threads {
  readonly threads: number;
  readonly lanes: number;
  readonly held: number;
}

/** Neighbours read neighbours from five columns on; a workgroup of 256 keeps 4096. */
function threadsOf(columns: number): Threads {
  const lanes = columns <= 4 ? 1 : columns <= 128 ? 8 : columns <= 1024 ? 64 : 256;
  let held = 1;
  while (held < mostHeld && held * lanes < columns) held *= 2; // a power of two, so that few pipelines are made
  return { threads: Math.max(lanes, 64), lanes, held };
}

/**
 * What subgroups do to the sums of a row: instead of a tree over what the threads of a workgroup have left in its memory, each
 * subgroup takes all of it, its threads by turns, and adds up what they have. Whatever the size of a subgroup and whichever threads
 * it is made of, all get the sum, and on one device always in the same order.
 */
const subgroups =
  'enable subgroups;const by_tree=false;' +
  'fn turns(x:u32)->vec2u{return vec2u(subgroupExclusiveAdd(1u),subgroupAdd(1u));}' +
  'fn across(x:vec2f)->vec2f{return subgroupAdd(x);}';

interface Attributes {
  readonly epsilon: number;
}

/** The kernels of an entry point whose inputs have these names, the rows first. */
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
