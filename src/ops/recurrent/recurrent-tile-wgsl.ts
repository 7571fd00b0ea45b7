/**
 * What a thread of the recurrent kernels on WebGPU makes of a step's product, as the texts of the shaders' blocks, and how many
 * workgroups that takes. Between the shapes of `recurrent-wgsl.ts` and `recurrent-gradient-wgsl.ts` and the two shaders.
 */
import type { Dispatch } from '../../graph/kernel.ts';
import { foldedGrid } from '../dispatch.ts';
import type { RecurrentSizes } from './recurrent-cell.ts';

/** The product of one dispatch. */
export interface Product {
  readonly isGradient: boolean;
  /** Gates of four neighbouring units that a thread sums together. */
  readonly gates: number;
  /** The buffer of the factors. */
  readonly left: string;
  /** The most samples of a thread, where few are better: such a pipeline is made sooner. */
  readonly mostRows?: number;
}

interface Tile {
  /** Samples of a thread. */
  readonly rows: number;
  /** vec4 of sums for each sample: the gates of four units, or more units of one gate. */
  readonly vectors: number;
  /** Units of a thread. */
  readonly block: number;
  /** Threads side by side, and one below the other. */
  readonly across: number;
  readonly down: number;
}

/** Samples of a thread in quads. Few different ones, as each takes a pipeline; the sums of 32 still lie in a first-level cache. */
const rowCounts = [1, 2, 4, 8, 16, 24, 32];

function tileOf({ batch, units }: RecurrentSizes, { gates, mostRows = 32 }: Product, inQuads: boolean): Tile {
  if (!inQuads) return { rows: 1, vectors: gates, block: 4, across: 8, down: 8 };
  const even = Math.max(1, Math.ceil(batch / Math.ceil(batch / mostRows)));
  const rows = rowCounts.find((count) => count >= even)!;
  const more = gates > 1 || units <= 16 ? 1 : units <= 32 ? 2 : 4;
  return { rows, vectors: gates * more, block: 4 * more, across: 4, down: 1 };
}

/** Columns from one vec4 of a thread to its next. */
export function between(sizes: RecurrentSizes, product: Product): number {
  return product.gates > 1 ? sizes.units : 4;
}

export function productGrid(sizes: RecurrentSizes, product: Product, inQuads: boolean): Dispatch['grid'] {
  const { rows, block, across, down } = tileOf(sizes, product, inQuads);
  const [y, z] = foldedGrid(Math.ceil(sizes.batch / (rows * down)));
  return [Math.ceil(sizes.units / (block * across)), y, z];
}

/** The texts of the blocks for `entry`. */
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

/** The weights by name and every row written out, so that each sum has a place that the compiler knows. */
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
