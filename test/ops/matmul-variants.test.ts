/** The WebGPU kernel for each product shape; tiles respect the limits of WebGPU and the requirements of the shader. */
import { describe, expect, it } from 'vitest';
import { compileGraph } from '../../src/compiler/compile.ts';
import type { ProgramStep } from '../../src/compiler/program.ts';
import type { Shape } from '../../src/core/shape.ts';
import { matmulQuads } from '../../src/generated/shaders/matmul-quads.ts';
import { matmul } from '../../src/ops/product/matmul.ts';
import { variable } from '../../src/ops/define.ts';

function stepOf(a: Shape, b: Shape, kernel?: string, isSoftware = false): ProgramStep {
  const y = matmul(variable(a), variable(b));
  const device = { softwareQuads: isSoftware && matmulQuads };
  const kernels = kernel === undefined ? {} : { matmul: kernel };
  return compileGraph({ outputs: { y }, updates: [] }, 'webgpu', { kernels, device }).program.steps[0]!;
}

const chosen: readonly (readonly [kernel: string, a: Shape, b: Shape])[] = [
  ['plain', [1, 32], [32, 100]],
  ['plain', [100, 3], [3, 100]],
  ['skinny', [1, 64], [64, 100]],
  ['skinny', [4, 256], [256, 4096]],
  ['skinny', [4096, 256], [256, 1]],
  ['split-k', [1, 2048], [2048, 2048]],
  ['split-k', [32, 784], [784, 128]],
  ['split-k', [24, 2048], [2048, 34]],
  ['split-k', [784, 12800], [12800, 128]],
  ['small-tile', [32, 64], [64, 10]],
  ['small-tile', [128, 128], [128, 128]],
  ['medium-tile', [784, 32], [32, 128]],
  ['medium-tile', [256, 256], [256, 256]],
  ['large-tile', [512, 512], [512, 512]],
  ['medium-tile', [64, 100, 48], [64, 48, 40]],
  ['medium-tile', [10000, 48], [48, 40]],
  ['large-tile', [64, 64, 48], [64, 48, 60]],
  ['large-tile', [800, 800], [800, 800]],
  ['huge-tile', [1024, 1024], [1024, 1024]],
];

describe('the choice by shape', () => {
  it.each(chosen)('%s: %j by %j', (kernel, a, b) => {
    expect(stepOf(a, b).kernel).toBe(kernel);
    expect(stepOf(a, b, undefined, true).kernel).toBe('quads');
  });
});

describe('on a software adapter', () => {
  const acrossOf = (a: Shape, b: Shape): number =>
    parseInt(stepOf(a, b, undefined, true).dispatches[0]!.blocks!['across']!);

  it('a large product has wide blocks, where there are columns and workgroups for them', () => {
    expect(acrossOf([32, 784], [784, 128])).toBe(1); // too small for their compilation
    expect(acrossOf([128, 784], [784, 128])).toBe(4);
    expect(acrossOf([32, 8192], [8192, 128])).toBe(2); // two workgroups
    expect(acrossOf([9000, 64], [64, 20])).toBe(2);
    expect(acrossOf([90000, 64], [64, 10])).toBe(1);
  });
});

describe('a split', () => {
  it.each(chosen)('(beside %s) has slots of whole steps, and a place for each: %j by %j', (_, a, b) => {
    const { scratch, dispatches } = stepOf(a, b, 'split-k');
    const [first, second] = dispatches;
    const { chunk, k, batch, parts } = first!.uniforms as Record<string, number>;
    const slots = Math.ceil(k! / chunk!);
    expect(chunk! % constantsOf(first!.blocks!['tile']!)['depth']!).toBe(0);
    expect(parts).toBe(slots * batch!);
    expect(second!.uniforms).toMatchObject({ k: slots, bias_n: b.at(-1) });
    expect(scratch).toHaveLength(1);
    const outputs = a.slice(0, -1).reduce((product, size) => product * size, b.at(-1)!);
    expect(second!.uniforms).toMatchObject({ m: 1, n: outputs });
  });
});

function constantsOf(text: string): Record<string, number> {
  return Object.fromEntries([...text.matchAll(/const (\w+)=(\d+);/g)].map(([, name, value]) => [name!, Number(value)]));
}

describe('a tile', () => {
  const kernels = ['skinny', 'small-tile', 'medium-tile', 'large-tile', 'huge-tile'] as const;
  const cases = kernels.flatMap((kernel) => [
    [kernel, [100, 70], [70, 200]] as const,
    [kernel, [200, 70], [70, 100]] as const,
  ]);
  it.each(cases)('of %s fits: %j by %j', (kernel, a, b) => {
    const { blocks } = stepOf(a, b, kernel).dispatches[0]!;
    const { tile_m, tile_n, depth, down, across, slices } = constantsOf(blocks!['tile']!) as Record<string, number>;
    const threads = ((tile_m! / 4 / down!) * (tile_n! / 4) * slices!) / across!;
    const vectors = depth! * ((tile_m! + tile_n!) / 4 + 1);
    expect(threads).toBeLessThanOrEqual(256);
    expect(16 * vectors).toBeLessThanOrEqual(16384);
    // No thread reads two blocks, and the sums of all slices fit where the tile was.
    expect(((tile_m! + tile_n!) / 4) * (depth! / 4)).toBeLessThanOrEqual(threads);
    if (slices! > 1) expect(4 * threads).toBeLessThanOrEqual(vectors);
    expect(blocks!['multiply']!.match(/outer/g)).toHaveLength(down! * across!);
  });
});
