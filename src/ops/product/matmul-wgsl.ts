/**
 * Dispatches of matrix products on WebGPU: tile sizes, and whether rows are read as vec4. The kernel is selected in
 * matmul-variants.ts.
 */
import { matmulTiled } from '../../generated/shaders/matmul-tiled.ts';
import { matmul } from '../../generated/shaders/matmul.ts';
import type { Dispatch } from '../../graph/kernel.ts';
import { input, output } from '../../graph/kernel.ts';
import { elementDispatch, foldedGrid, maxGroups } from '../dispatch.ts';
import { epilogueParts } from './epilogue-wgsl.ts';
import type { GpuEpilogue } from './epilogue-wgsl.ts';

/** A matrix product as the WebGPU kernels see it: sizes, batch strides, transposition and epilogue. */
export interface Product extends GpuEpilogue {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  /** Elements between consecutive matrices of a batch; 0 broadcasts. */
  readonly strideA: number;
  readonly strideB: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

type SharedParts = Required<Pick<Dispatch, 'bindings' | 'constants' | 'uniforms' | 'blocks'>>;

/** The bindings, constants and uniforms that all matmul shaders share. */
export function shared(product: Product): SharedParts {
  const { m, n, k, batch, strideA, strideB } = product;
  const { bindings, ...parts } = epilogueParts(product);
  return {
    ...parts,
    bindings: { a: input(0), b: input(1), y: output(0), ...bindings },
    uniforms: { m, n, k, batch, a_batch: strideA, b_batch: strideB },
  };
}

/** Strides of the operands in elements, per row, per index of k and per column. */
export const stridesOf = ({ m, n, k, transposeA, transposeB }: Product): Record<string, number> => ({
  ...(transposeA ? { a_row: 1, a_inner: m } : { a_row: k, a_inner: 1 }),
  ...(transposeB ? { b_inner: 1, b_column: k } : { b_inner: n, b_column: 1 }),
});

/** The untiled version, which is the baseline in tests of the other versions. */
export function lowerPlain(product: Product): Dispatch {
  const { bindings, constants, uniforms, blocks } = shared(product);
  const quads_n = Math.ceil(product.n / 4);
  return elementDispatch(matmul, 'matmul', product.batch * product.m * quads_n, {
    bindings,
    constants,
    uniforms: { ...uniforms, ...stridesOf(product), quads_n },
    blocks,
  });
}

/** Tile sizes: constants of the shader. */
export type Tile = Readonly<Record<'tile_m' | 'tile_n' | 'depth' | 'down' | 'across' | 'slices', number>>;

interface Part extends Product {
  /** Length of k per output matrix, a multiple of the tile's depth. Default: all of k. */
  readonly chunk?: number;
  /** Columns of the bias, where one row of this product consists of several output rows. */
  readonly bias_n?: number;
}

/** A dispatch with one output tile per workgroup. */
export function lowerTiled(product: Part, tile: Tile): Dispatch {
  const { m, n, k, batch, transposeA, transposeB, chunk = k, bias_n = n } = product;
  const { bindings, constants, uniforms, blocks } = shared(product);
  const { tile_m, tile_n, depth } = tile;
  const whole = m % tile_m === 0 && n % tile_n === 0 && k % depth === 0;
  const tiles_n = Math.ceil(n / tile_n);
  const parts = batch * (Math.ceil(k / chunk) || 1);
  const [x, y] = foldedGrid(Math.ceil(m / tile_m) * tiles_n);
  return {
    shader: matmulTiled,
    entry: 'matmul_tiled',
    constants: { ...constants, transpose_a: Number(transposeA), transpose_b: Number(transposeB) },
    blocks: {
      ...blocks,
      ...threadBlocks(tile),
      tile: Object.entries({ ...tile, whole, flat: bias_n !== n })
        .map(([name, value]) => `const ${name}=${value};`)
        .join(''),
      // Rows whose length is a multiple of 4 are read and written as vec4. Batch strides are multiples of the row length.
      ...quads('a', transposeA ? m : k, 'quad=a[index/4];'),
      ...quads('b', transposeB ? k : n, 'quad=b[index/4];'),
      ...quads('y', n, 'y[index/4]=quad;'),
    },
    bindings,
    uniforms: { ...uniforms, parts, chunk, tiles_n, bias_n },
    grid: [x, y, Math.min(parts, maxGroups)],
  };
}

/** The WGSL text for `down` × `across` blocks of 4 × 4 outputs in a thread's registers. */
function threadBlocks({ tile_m, tile_n, down, across }: Tile): Record<string, string> {
  let [sums, multiply, store] = ['', '', ''];
  for (let i = 0; i < down; i++) {
    const row = (i * tile_m) / down;
    multiply += `let rows${i}=tile[at_a+${row / 4}];`;
    for (let j = 0; j < across; j++) {
      const column = (j * tile_n) / across;
      const block = `${i}_${j}`;
      if (i === 0) multiply += `let columns${j}=tile[at_b+${column / 4}];`;
      multiply += `sum${block}=sum${block}+outer(rows${i},columns${j});`;
      sums += `var sum${block}=mat4x4f();`;
      store += `store(part,first_row+${row},first_column+${column},sum${block});`;
    }
  }
  return { sums, multiply, store };
}

/** The WGSL text that accesses four adjacent elements at once; empty unless the row length is a multiple of 4. */
function quads(name: string, width: number, text: string): Dispatch['blocks'] {
  return width % 4 === 0 ? { [`${name}_element`]: 'vec4f', [`${name}_quad`]: `if(left>0){${text}}` } : {};
}
