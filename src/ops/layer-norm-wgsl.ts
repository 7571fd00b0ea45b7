/** The dispatches of layer normalization on WebGPU: how many threads share a row, and how much of it they keep. */
import { layerNorm as shader } from '../generated/shaders/layer-norm.ts';
import { input, output } from '../graph/kernel.ts';
import type { Dispatch } from '../graph/kernel.ts';
import { foldedGrid } from './dispatch.ts';

export interface NormSizes {
  readonly rows: number;
  readonly columns: number;
}

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

function dispatch(entry: string, { rows, columns }: NormSizes, epsilon: number, ...names: readonly string[]): Dispatch {
  const { threads, lanes, held } = threadsOf(columns);
  const groups = entry === 'layer_norm_sums' ? Math.ceil(rows / partRows) : Math.ceil((rows * lanes) / threads);
  return {
    shader,
    entry,
    blocks: { threads: `${threads}u`, lanes: `${lanes}u`, held: `${held}u`, part_rows: `${partRows}u` },
    bindings: { ...Object.fromEntries(names.map((name, index) => [name, input(index)])), y: output(0) },
    uniforms: { rows, columns, epsilon },
    grid: foldedGrid(groups),
  };
}

export function lowerLayerNorm(sizes: NormSizes, epsilon: number): readonly Dispatch[] {
  return [dispatch('layer_norm', sizes, epsilon, 'x', 'scale', 'offset')];
}

export function lowerGradient(sizes: NormSizes, epsilon: number): readonly Dispatch[] {
  return [dispatch('layer_norm_gradient', sizes, epsilon, 'x', 'scale', 'g')];
}

export function lowerSums(sizes: NormSizes, epsilon: number): readonly Dispatch[] {
  return [dispatch('layer_norm_sums', sizes, epsilon, 'x', 'g')];
}
