/**
 * Tiling of a step's product in the recurrent WebGPU kernels: the text of the shader blocks, and the number of
 * workgroups. Used by `recurrent-wgsl.ts` and `recurrent-gradient-wgsl.ts`, which define the shapes, for the two shaders.
 */
import type { Dispatch } from '../../graph/kernel.ts';
import { foldedGrid } from '../dispatch.ts';
import type { RecurrentSizes } from './recurrent-cell.ts';

/** The product of one dispatch. */
export interface Product {
  readonly isGradient: boolean;
  /** Number of gates that a thread sums for four adjacent units. */
  readonly gates: number;
  /** Name of the buffer with the left operand. */
  readonly left: string;
  /** Maximum samples per thread. A small maximum reduces the compile time of the pipeline. */
  readonly mostRows?: number;
}

interface Tile {
  /** Samples per thread. */
  readonly rows: number;
  /** Number of vec4 sums per sample: the gates of four units, or more units of one gate. */
  readonly vectors: number;
  /** Units per thread. */
  readonly block: number;
  /** Threads of a workgroup per row and per column. */
  readonly across: number;
  readonly down: number;
}

/** Samples per thread in quads. Few values, because each needs a pipeline; the sums of 32 samples fit into the L1 cache. */
const rowCounts = [1, 2, 4, 8, 16, 24, 32];

function tileOf({ batch, units }: RecurrentSizes, { gates, mostRows = 32 }: Product, inQuads: boolean): Tile {
  if (!inQuads) return { rows: 1, vectors: gates, block: 4, across: 8, down: 8 };
  const even = Math.max(1, Math.ceil(batch / Math.ceil(batch / mostRows)));
  const rows = rowCounts.find((count) => count >= even)!;
  const more = gates > 1 || units <= 16 ? 1 : units <= 32 ? 2 : 4;
  return { rows, vectors: gates * more, block: 4 * more, across: 4, down: 1 };
}

/** Distance in columns between consecutive vec4 of a thread. */
export function between(sizes: RecurrentSizes, product: Product): number {
  return product.gates > 1 ? sizes.units : 4;
}

/** The grid of workgroups that covers all samples and units of the product. */
export function productGrid(sizes: RecurrentSizes, product: Product, inQuads: boolean): Dispatch['grid'] {
  const { rows, block, across, down } = tileOf(sizes, product, inQuads);
  const [y, z] = foldedGrid(Math.ceil(sizes.batch / (rows * down)));
  return [Math.ceil(sizes.units / (block * across)), y, z];
}

/** The WGSL text of the blocks for `entry`. */
export function productBlocks(
  entry: string,
  sizes: RecurrentSizes,
  product: Product,
  inQuads: boolean,
): NonNullable<Dispatch['blocks']> {
  const tile = tileOf(sizes, product, inQuads);
  const { rows, vectors, block, across, down } = tile;
  const numbers = { rows: `${rows}u`, vectors: `${vectors}u`, block: `${block}u`, left: product.left };
  if (!inQuads) return numbers;
  const own = product.isGradient ? 'back_factor(at+k)' : 'factor(at+k,start)';
  return {
    ...numbers,
    enable: 'enable subgroups;',
    threads: `${across * down}u`,
    across: `${Math.log2(across)}u`,
    [`local_${entry}`]: 'subgroup_invocation_id',
    order: 'local',
    factors: `let x=select(0.,${own},inside.x);return vec4f(x,quadSwapX(x),quadSwapY(x),quadSwapDiagonal(x));`,
    add: unrolled(tile, product.isGradient),
  };
}

const lanes = ['x', 'y', 'z', 'w'] as const;

/**
 * The unrolled product. Weights are named variables and sums have constant indices, so that the compiler can hold both in
 * registers.
 */
function unrolled({ rows, vectors }: Tile, isGradient: boolean): string {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
  const weights = (v: number): string[] =>
    lanes.map((lane) =>
      isGradient
        ? `back_weights(${v * 4}u*width+right.${lane},down,inside.${lane})`
        : `weights(column_at+${v}u*between+down.${lane},inside.${lane})`,
    );
  const load = numbers(vectors).map((v) => `let w${v}=mat4x4f(${weights(v).join()});`);
  const four = isGradient ? 'back_factors(at,k,inside)' : 'factors(at,start,k,inside)';
  const step = isGradient ? 'width' : 'units';
  const add = (row: number): string =>
    numbers(vectors)
      .map((v) => `(*sums)[${row * vectors + v}]+=w${v}*x;`)
      .join('');
  return [...load, ...numbers(rows).map((row) => `{let x=${four};${add(row)}at+=${step};}`)].join('');
}
