/**
 * Which kernel a product gets on a GPU: a table by shape, written down once for all of them, between the op's record
 * (matmul.ts) and the dispatches (matmul-wgsl.ts). It is made by reasoning about GPUs of 10 to 130 cores, each of which wants
 * some hundred threads; `tune` asks the one that is there.
 *
 * All depends on the shape alone, so that the same product always sums in the same order.
 */
import { scratch } from '../../graph/kernel.ts';
import type { Dispatch } from '../../graph/kernel.ts';
import { lowerPlain, lowerTiled } from './matmul-wgsl.ts';
import type { Product, Tile } from './matmul-wgsl.ts';

/**
 * A thread that makes 4 × 4 outputs reads two vec4 of workgroup memory for 16 multiply-adds, and that memory sets the pace;
 * with 8 × 4 it reads three for 32, with 8 × 8 four for 64, and the arithmetic does. What is read of the operands halves with each
 * doubling of the side, but of such tiles there are a quarter. Workgroups have 64 threads, the large 128, the huge 256.
 */
const medium: Tile = { tile_m: 32, tile_n: 32, depth: 16, down: 1, across: 1, slices: 1 };
const small: Tile = { ...medium, tile_m: 16, tile_n: 16, depth: 32, slices: 4 };
const large: Tile = { ...medium, tile_m: 64, tile_n: 64, down: 2 };
const huge: Tile = { tile_m: 128, tile_n: 128, depth: 8, down: 2, across: 2, slices: 1 };
/**
 * Four rows at most: to read b is all the work. All but one of 64 threads read 64 bytes each, in lines of 128, while they have no
 * more than 16 multiply-adds for each vec4.
 */
const wide: Tile = { ...medium, tile_m: 4, depth: 28, slices: 8 };
const tall: Tile = { ...wide, tile_m: 32, tile_n: 4 };

/** How many tiles there are of that size. */
const count = ({ m, n, batch }: Product, { tile_m, tile_n }: Tile): number =>
  Math.ceil(m / tile_m) * Math.ceil(n / tile_n) * batch;

/**
 * Enough workgroups for GPUs of up to 64 cores, or half of the cores of a larger one, and three quarters of their outputs are
 * there.
 */
const fills = (product: Product, tile: Tile): boolean =>
  product.m * product.n * product.batch >= 0.75 * Math.max(64, count(product, tile)) * tile.tile_m * tile.tile_n;

/** Too short for the overhead of a tile; or too narrow for one, and too short to share. */
const fitsPlain = ({ m, n, k }: Product): boolean => k < 4 || (Math.min(m, n) < 4 && k < 64);

const skinny = ({ m, n }: Product): Tile => (m <= n ? wide : tall);

/** A square tile would waste most of its threads. */
const fitsSkinny = ({ m, n, k }: Product): boolean => Math.min(m, n) <= 4 && k >= 64;

/**
 * How k is cut into slots: as many as make 1024 workgroups together, which a large GPU has places for, but each of four steps at
 * least, to be worth the start.
 */
function split(product: Product) {
  const tile = fitsSkinny(product) ? skinny(product) : medium;
  const steps = Math.max(4, Math.ceil((product.k * count(product, tile)) / 1024 / tile.depth));
  const chunk = tile.depth * steps;
  return { tile, chunk, slots: Math.ceil(product.k / chunk) || 1 };
}

function lowerSplit(product: Product): Dispatch[] {
  const { m, n, batch } = product;
  const { tile, chunk, slots } = split(product);
  const first = lowerTiled({ ...product, chunk, bias: 0, residual: 0, blocks: {} }, tile);
  const ones = { ...product, m: 1, n: batch * m * n, k: slots, batch: 1, transposeB: false, bias_n: n };
  const second = lowerTiled(ones, wide);
  return [
    { ...first, bindings: { ...first.bindings, y: scratch(0) } },
    {
      ...second,
      bindings: { ...second.bindings, b: scratch(0) },
      blocks: { ...second.blocks, a_quad: 'quad=vec4f(1);' },
    },
  ];
}

interface Variant {
  readonly name: string;
  readonly when?: (product: Product) => boolean;
  readonly scratch?: (product: Product) => readonly number[];
  readonly lower: (product: Product) => readonly Dispatch[];
}

/** In the order in which shapes choose; all are right for all shapes. */
export const variants: readonly Variant[] = [
  { name: 'plain', when: fitsPlain, lower: (product) => [lowerPlain(product)] },
  {
    // Few outputs and a long k, such as a layer's weights' gradient over many samples, or its output for few: one pass would leave
    // most of a GPU idle for all of k. From eight slots on that costs more than a second dispatch, which waits for the first.
    name: 'split-k',
    when: (product) => split(product).slots >= 8,
    scratch: (product) => [4 * product.batch * product.m * product.n * split(product).slots],
    lower: lowerSplit,
  },
  { name: 'skinny', when: fitsSkinny, lower: (product) => [lowerTiled(product, skinny(product))] },
  {
    // Fewer medium tiles than a GPU has places for workgroups, and sums long enough to share.
    name: 'small-tile',
    when: (product) => count(product, medium) < 32 && product.k >= 64,
    lower: (product) => [lowerTiled(product, small)],
  },
  // From 1024³ and from 512³ on.
  { name: 'huge-tile', when: (product) => fills(product, huge), lower: (product) => [lowerTiled(product, huge)] },
  { name: 'large-tile', when: (product) => fills(product, large), lower: (product) => [lowerTiled(product, large)] },
  { name: 'medium-tile', lower: (product) => [lowerTiled(product, medium)] },
];
