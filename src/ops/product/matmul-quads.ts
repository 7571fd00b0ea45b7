/**
 * The dispatch of a matrix product on a software adapter, whose shader the backend provides: the number of rows and
 * columns per quad of threads, and the generated text for each of them.
 */
import type { ShaderSource } from '../../core/shader-source.ts';
import type { Dispatch } from '../../graph/kernel.ts';
import { foldedGrid } from '../dispatch.ts';
import { shared, stridesOf } from './matmul-wgsl.ts';
import type { Product } from './matmul-wgsl.ts';

const mostRows = 32;

/** The dispatch of a product with the quad shader. */
export function lowerQuads(product: Product, shader: ShaderSource): Dispatch {
  const { m, n, batch, bias, residual, finish } = product;
  const { bindings, uniforms, blocks } = shared(product);
  const across = blocksAcross(product);
  const quads_n = Math.ceil(n / 16 / across);
  const blocks_m = Math.ceil(m / mostRows);
  const ofEpilogue = {
    has_epilogue: Number(!!bias || !!residual || finish !== 0),
    has_bias: bias && 1,
    has_residual: residual && 1,
    finish: finish ?? 0,
  };
  return {
    shader,
    entry: 'matmul_quads',
    bindings,
    uniforms: { ...uniforms, ...stridesOf(product), ...ofEpilogue, quads_n, blocks_m },
    blocks: { ...(finish === undefined && fourOf(blocks)), ...quadBlocks(Math.ceil(m / blocks_m), across) },
    grid: foldedGrid(batch * blocks_m * quads_n),
  };
}

/**
 * The number of blocks of 16 columns that a quad computes in one pass over a. One block compiles in 0.3 s, two in 0.4 s
 * and four in 0.8 s, and each doubling reduces the time of a product by 10 to 25 %. More blocks pay off for products that
 * take milliseconds, if there are enough columns and enough workgroups for several cores.
 */
function blocksAcross({ m, n, k, batch }: Product): number {
  const most = m * n * k * batch < 2 ** 22 ? 1 : 4;
  const groups = (across: number): number => Math.ceil(m / mostRows) * Math.ceil(n / (16 * across)) * batch;
  return [4, 2].find((across) => across <= most && n > 8 * across && groups(across) >= 4) ?? 1;
}

/** Wraps the text of a scalar epilogue as one for a vec4. */
const fourOf = ({ helpers, activate }: Product['blocks']): NonNullable<Dispatch['blocks']> => ({
  helpers: `${helpers}fn activate(sum:f32,other:f32)->f32{${activate}}`,
  finish: `return vec4f(${[...'xyzw'].map((c) => `activate(sum.${c},other.${c})`).join()});`,
});

function quadBlocks(rows: number, across: number): NonNullable<Dispatch['blocks']> {
  let [sums, columns, add, found] = ['', '', '', ''];
  for (let j = 0; j < across; j++) {
    columns += `let b_${j}=b_rows(next,down,right,inside);next+=sixteen;`;
  }
  for (let i = 0; i < rows; i++) {
    add += '{let x=a_four(at,inside.x);at+=a_row;';
    for (let j = 0; j < across; j++) {
      sums += `var sum${j}_${i}:vec4f;`;
      add += `sum${j}_${i}+=b_${j}*x;`;
      found += `found[${j}][${i}]=sum${j}_${i};`;
    }
    add += '}';
  }
  return { rows: `${rows}u`, across: `${across}u`, sums, columns, add, found };
}
