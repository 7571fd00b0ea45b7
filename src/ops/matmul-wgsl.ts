/**
 * The dispatches of matrix products on WebGPU: which shader, how large its tiles, and whether rows are read as vec4.
 * The choice depends on the shape alone, so that the same product always sums in the same order.
 */
import { matmulTiled } from '../generated/shaders/matmul-tiled.ts';
import { matmul } from '../generated/shaders/matmul.ts';
import type { Dispatch } from '../graph/kernel.ts';
import { input, output } from '../graph/kernel.ts';
import { elementDispatch, elementThreads, foldedGrid, maxGroups } from './dispatch.ts';

export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  /** Elements between two matrices of a batch; 0 broadcasts. */
  readonly strideA: number;
  readonly strideB: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Places of the epilogue's operands among the inputs; 0 for none. */
  readonly bias: number;
  readonly extra: number;
  /** The number of an epilogue that `assembly/matmul.ts` and `shaders/matmul.wgsl` know; undefined for others. */
  readonly finish: number | undefined;
  /** The text of its activation. */
  readonly blocks: { readonly helpers: string; readonly activate: string };
}

/** Too narrow for a tile, or too short for the tile's overhead. */
export function fitsPlain({ m, n, k }: Product): boolean {
  return Math.min(m, n) < 4 || k < 4;
}

/** Fewer medium tiles than a GPU has places for workgroups, and sums long enough to share. */
export function fitsSmallTile({ m, n, k, batch }: Product): boolean {
  return Math.ceil(m / 32) * Math.ceil(n / 32) * batch < 32 && k >= 64;
}

/** What the shaders have in common. An operand that is not read is bound to something that is there. */
function shared({ m, n, k, batch, strideA, strideB, bias, extra, blocks }: Product) {
  return {
    bindings: { a: input(0), b: input(1), bias: input(bias), extra: input(extra), y: output(0) },
    constants: { has_bias: bias && 1, has_extra: extra && 1 },
    uniforms: { m, n, k, batch, a_batch: strideA, b_batch: strideB },
    blocks,
  };
}

/** The version that the others are tested against. `inQuads` is for software adapters: see the shader. */
export function lowerPlain(product: Product, inQuads = false): Dispatch {
  const { m, n, k, batch, transposeA, transposeB, bias, extra, finish } = product;
  const { bindings, uniforms, blocks } = shared(product);
  const [mostRows, threads] = inQuads ? [32, 4] : [1, elementThreads];
  const quads_n = inQuads ? Math.ceil(n / 16) * 4 : Math.ceil(n / 4);
  const blocks_m = Math.ceil(m / mostRows);
  const rows = Math.ceil(m / blocks_m);
  const ofA = { a_row: transposeA ? 1 : k, a_inner: transposeA ? m : 1 };
  const ofB = { b_inner: transposeB ? 1 : n, b_column: transposeB ? k : 1 };
  const ofEpilogue = { has_bias: bias && 1, has_extra: extra && 1, finish: finish ?? 0 };
  return elementDispatch(matmul, 'matmul', batch * blocks_m * quads_n, {
    bindings,
    uniforms: { ...uniforms, ...ofA, ...ofB, ...ofEpilogue, quads_n, blocks_m },
    constants: { threads },
    blocks: { ...(finish === undefined && blocks), ...(inQuads && quadBlocks(rows)) },
  });
}

/** The text of a workgroup that is one quad: a thread reads one of four k and swaps it for the other three. */
function quadBlocks(rows: number): NonNullable<Dispatch['blocks']> {
  return {
    enable: 'enable subgroups;',
    rows: `${rows}u`,
    local: 'subgroup_invocation_id',
    a_four: 'let x=select(0.,a[at],inside.x);return vec4f(x,quadSwapX(x),quadSwapY(x),quadSwapDiagonal(x));',
    add: Array.from({ length: rows }, (_, row) => `sums[${row}]+=b_rows*a_four(at,a_inner,inside);at+=a_row;`).join(''),
  };
}

/** A workgroup makes `side` × `side` outputs, `depth` of k at a time, with its threads in `slices` groups that share the sums. */
export function lowerTiled(product: Product, side: number, depth: number, slices = 1): Dispatch {
  const { m, n, k, batch, transposeA, transposeB } = product;
  const { bindings, constants, uniforms, blocks } = shared(product);
  const tilesN = Math.ceil(n / side);
  const tiles = Math.ceil(m / side) * tilesN;
  const [x, y] = foldedGrid(tiles);
  return {
    shader: matmulTiled,
    entry: 'matmul_tiled',
    constants: { ...constants, transpose_a: Number(transposeA), transpose_b: Number(transposeB) },
    blocks: {
      ...blocks,
      tile: `const tile_m=${side}u;const tile_n=${side}u;const tile_k=${depth}u;const slices=${slices}u;`,
      // Rows in memory that divide by 4 are read and written as vec4; a batch stride is a multiple of the row.
      ...((transposeA ? m : k) % 4 === 0 ? quadReads('a') : {}),
      ...((transposeB ? k : n) % 4 === 0 ? quadReads('b') : {}),
      ...(n % 4 === 0 ? quadWrites : {}),
    },
    bindings,
    uniforms: { ...uniforms, tiles_n: tilesN, tiles },
    grid: [x, y, Math.min(batch, maxGroups)],
  };
}

function quadReads(operand: 'a' | 'b'): Dispatch['blocks'] {
  return {
    [`${operand}_element`]: 'vec4<f32>',
    [`${operand}_quad`]: `if (left > 0u) { quad = ${operand}[index / 4u]; }`,
  };
}

const quadWrites: Dispatch['blocks'] = {
  y_element: 'vec4<f32>',
  y_quad: 'if (left > 0u) { y[index / 4u] = quad; }',
};
