/**
 * Selects the WebGPU kernel of a product by shape. The table sits between the op record (matmul.ts) and the dispatches
 * (matmul-wgsl.ts). It is derived for GPUs of 10 to 130 cores, each of which needs several hundred threads in flight;
 * `tune` measures the actual GPU instead.
 *
 * The choice depends on the shape alone, so that the same product always sums in the same order.
 */
import { scratch } from '../../graph/kernel.ts';
import type { Dispatch } from '../../graph/kernel.ts';
import { lowerPlain, lowerTiled } from './matmul-wgsl.ts';
import type { Product, Tile } from './matmul-wgsl.ts';

/**
 * A thread with 4 × 4 outputs reads two vec4 of workgroup memory for 16 multiply-adds, and is bound by that memory.
 * With 8 × 4 it reads three for 32, with 8 × 8 four for 64, and is bound by arithmetic. Doubling the side of a tile halves the
 * operand reads, but leaves a quarter of the tiles. Workgroups have 64 threads; large tiles use 128 and huge tiles 256.
 */
const medium: Tile = { tile_m: 32, tile_n: 32, depth: 16, down: 1, across: 1, slices: 1 };
const small: Tile = { ...medium, tile_m: 16, tile_n: 16, depth: 32, slices: 4 };
const large: Tile = { ...medium, tile_m: 64, tile_n: 64, down: 2 };
const huge: Tile = { tile_m: 128, tile_n: 128, depth: 8, down: 2, across: 2, slices: 1 };
/**
 * At most four rows, so that reading b dominates. All but one of 64 threads read 64 bytes each, in cache lines of 128 bytes,
 * with at most 16 multiply-adds per vec4.
 */
const wide: Tile = { ...medium, tile_m: 4, depth: 28, slices: 8 };
const tall: Tile = { ...wide, tile_m: 32, tile_n: 4 };

/** The number of tiles that cover the product. */
const count = ({ m, n, batch }: Product, { tile_m, tile_n }: Tile): number =>
  Math.ceil(m / tile_m) * Math.ceil(n / tile_n) * batch;

/**
 * Whether there are enough workgroups for a GPU of 64 cores, or for half the cores of a larger one, and at least three
 * quarters of their outputs are inside the product.
 */
const fills = (product: Product, tile: Tile): boolean =>
  product.m * product.n * product.batch >= 0.75 * Math.max(64, count(product, tile)) * tile.tile_m * tile.tile_n;

/** k is too short to amortise a tile, or the product is too narrow for a tile and k too short to split. */
const fitsPlain = ({ m, n, k }: Product): boolean => k < 4 || (Math.min(m, n) < 4 && k < 64);

const skinny = ({ m, n }: Product): Tile => (m <= n ? wide : tall);

/** Shapes in which a square tile would waste most of its threads. */
const fitsSkinny = ({ m, n, k }: Product): boolean => Math.min(m, n) <= 4 && k >= 64;

/**
 * Splits k into slots. There are enough slots for 1024 workgroups in total, which a large GPU can hold at once, but each
 * slot covers at least four steps, to amortise the launch.
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

/** The first variant whose `when` accepts the shape is used. Every variant is correct for every shape. */
export const variants: readonly Variant[] = [
  { name: 'plain', when: fitsPlain, lower: (product) => [lowerPlain(product)] },
  {
    // Few outputs and a long k, such as a weight gradient over many samples or a layer's output for few samples. One pass
    // would leave most of the GPU idle. From eight slots on, that costs more than a second dispatch that waits for the first.
    name: 'split-k',
    when: (product) => split(product).slots >= 8,
    scratch: (product) => [4 * product.batch * product.m * product.n * split(product).slots],
    lower: lowerSplit,
  },
  { name: 'skinny', when: fitsSkinny, lower: (product) => [lowerTiled(product, skinny(product))] },
  {
    // Fewer medium tiles than a GPU can run workgroups, and sums long enough to split between threads.
    name: 'small-tile',
    when: (product) => count(product, medium) < 32 && product.k >= 64,
    lower: (product) => [lowerTiled(product, small)],
  },
  // Used from about 1024³ and 512³ on.
  { name: 'huge-tile', when: (product) => fills(product, huge), lower: (product) => [lowerTiled(product, huge)] },
  { name: 'large-tile', when: (product) => fills(product, large), lower: (product) => [lowerTiled(product, large)] },
  { name: 'medium-tile', lower: (product) => [lowerTiled(product, medium)] },
];
