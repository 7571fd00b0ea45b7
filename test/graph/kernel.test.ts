/** Calls of wasm kernels: words by name, in the order of the kernel, and compile errors for wrong words. */
import { expect, it } from 'vitest';
import {
  fillKernel,
  gatherKernel,
  layerNormKernel,
  matmulKernel,
  stridedCopyKernel,
} from '../../src/generated/wasm/kernels.ts';
import { functionsWasm } from '../../src/generated/wasm/functions.ts';
import { indexingWasm } from '../../src/generated/wasm/indexing.ts';
import { call, float, input, output, scratch } from '../../src/graph/kernel.ts';

const operands = { a: input(0), b: input(1), c: output(0), scratch: scratch(0) };
const sizes = { m: 2, n: 3, k: 4, batch: 1, strideA: 8, strideB: 12, strideC: 6 };
const plain = { bias: 0, extra: 0, transposeA: false, transposeB: true, activation: 0 } as const;

it('brings words into the order of the kernel', () => {
  expect(call(matmulKernel, { ...plain, ...sizes, ...operands })).toEqual({
    entry: 'matmul',
    modules: [],
    words: [input(0), input(1), output(0), 0, 2, 3, 4, false, true, 1, 8, 12, 6, 0, scratch(0), 0],
  });
});

it('names the module of the kernel, and those of the functions that it calls', () => {
  const rows = { table: input(0), indices: input(1), out: output(0), count: 2, rowLength: 3, tableRows: 4, dtype: 0 };
  expect(call(gatherKernel, { ...rows, scale: 1, offset: 0 }).modules).toEqual([indexingWasm]);
  const words = { ...plain, ...sizes, ...operands, activation: { entry: 'gelu' } };
  expect(call(matmulKernel, words, [functionsWasm]).modules).toEqual([functionsWasm]);
});

it('makes floats of the words that are floats, and no others', () => {
  const words = { x: input(0), scale: input(1), offset: input(2), y: output(0), rows: 2, columns: 3, epsilon: 1 };
  expect(call(layerNormKernel, words).words.slice(4)).toEqual([2, 3, float(1)]);
});

it('puts the length of a list before the words of its items', () => {
  const axes = [
    { size: 2, sourceStride: 1, targetStride: 3 },
    { targetStride: 1, sourceStride: -2, size: 3 },
  ];
  const at = { source: input(0), target: output(0) };
  expect(call(stridedCopyKernel, { ...at, axes }).words).toEqual([input(0), output(0), 2, 2, 1, 3, 3, -2, 1]);
  expect(call(stridedCopyKernel, { ...at, axes: [] }).words).toEqual([input(0), output(0), 0]);
});

it('the types refuse wrong words', () => {
  const out = output(0);
  // never called: `npm run check` verifies that each line is an error
  const refused = [
    // @ts-expect-error a word is missing
    () => call(fillKernel, { out, value: 0 }),
    // @ts-expect-error a word too much
    () => call(fillKernel, { out, count: 1, value: 0, rows: 2 }),
    // @ts-expect-error a word too much, in an object that is spread
    () => call(fillKernel, { out, value: 0, ...{ count: 1, rows: 2 } }),
    // @ts-expect-error a wrong name
    () => call(fillKernel, { out, size: 1, value: 0 }),
    // @ts-expect-error an operand in the place of a number
    () => call(fillKernel, { out, count: out, value: 0 }),
    // @ts-expect-error a number in the place of an operand
    () => call(fillKernel, { out: 0, count: 1, value: 0 }),
    // @ts-expect-error an operand that may be none, where there must be one
    () => call(matmulKernel, { ...plain, ...sizes, ...operands, c: 0 as const }),
    // @ts-expect-error an address in the place of an operand that may be none
    () => call(matmulKernel, { ...plain, ...sizes, ...operands, bias: 16 }),
    // @ts-expect-error a number in the place of a flag
    () => call(matmulKernel, { ...plain, ...sizes, ...operands, transposeA: 1 }),
    // @ts-expect-error an item of a list without one of its words
    () => call(stridedCopyKernel, { source: input(0), target: out, axes: [{ size: 1, sourceStride: 1 }] }),
    // @ts-expect-error a float that is wrapped: the binding knows that it is one
    () => call(layerNormKernel, { x: out, scale: out, offset: out, y: out, rows: 1, columns: 1, epsilon: float(1) }),
  ];
  expect(refused).toHaveLength(11);
});
