/** Every op record is complete, where the type checker cannot verify it. */
import { describe, expect, it } from 'vitest';
import { inlineOps } from '../../src/backends/wasm/chains/ops.ts';
import type { WasmSource } from '../../src/core/wasm-source.ts';
import { wasmExports } from '../../src/generated/wasm/exports.ts';
import { allOps } from '../../src/ops/index.ts';
import { noEpilogue } from '../../src/graph/epilogue.ts';
import type { StructuredOp, TensorType } from '../../src/graph/op.ts';
import { matmul } from '../../src/ops/product/matmul.ts';
import type { RecurrentAttributes } from '../../src/ops/recurrent/recurrent-cell.ts';
import { recurrent } from '../../src/ops/recurrent/recurrent.ts';
import { instantiate, opCases } from '../support/op-cases.ts';

/** Valid wasm names of an op: inline ops, or exports of the modules that its record names. */
const exportsOf = (...modules: readonly WasmSource[]): string[] =>
  ['core', ...modules.map(({ name }) => name)].flatMap((module) => wasmExports[module] ?? []);
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Created by the fuse pass and tested with it. */
const made = ['elementwise'];

describe('op records', () => {
  it('have names of their own', () => {
    expect(new Set(allOps.map(({ name }) => name)).size).toBe(allOps.length);
  });

  it.each(allOps.map((op) => [op.name, op] as const))('%s is complete', (name, op) => {
    expect(op.gradient === null || typeof op.gradient === 'function').toBe(true);
    if (op.kind === 'leaf' || made.includes(name)) return;
    expect(opCases.some((opCase) => opCase.op === op)).toBe(true);
    if (op.gradient) expect(opCases.some((opCase) => opCase.op === op && opCase.differentiable.length > 0)).toBe(true);
    if (op.kind === 'elementwise') {
      const functions = exportsOf(...(op.wasmModule ? [op.wasmModule] : []));
      expect(op.wasm in inlineOps ? !op.wasmModule : functions.includes(op.wasm)).toBe(true);
      if (op.wasm !== 'copy') expect(op.wasm).toBe(snake(name));
      expect(typeof op.wgsl).toMatch(/string|function/);
    }
    if (op.kind === 'structured') {
      expect(op.kernels.wasm.at(-1)).not.toHaveProperty('when');
      for (const { when } of op.kernels.wasm.slice(0, -1)) expect(when).toBeDefined();
    }
  });

  it('lower every structured case to calls of kernels that exist', () => {
    for (const opCase of opCases) {
      if (opCase.op.kind !== 'structured') continue;
      const { node } = instantiate(opCase.build());
      const step = { attributes: node.attributes, inputs: node.inputs, outputs: [node], inPlace: [null] };
      const op = node.op as StructuredOp;
      if (op.kind !== 'structured') continue;
      const kernel = op.kernels.wasm.find(({ when }) => when?.(step) ?? true)!;
      for (const { entry, modules = [], words } of kernel.lower(step)) {
        expect(exportsOf(...modules), opCase.name).toContain(entry);
        for (const word of words) {
          if (typeof word === 'number') expect(Number.isInteger(word), `${opCase.name}: ${word}`).toBe(true);
        }
      }
    }
  });

  it('estimate the multiply-adds of products', () => {
    const type = (...shape: number[]): TensorType => ({ shape, dtype: 'float32' });
    const attributes = { ...noEpilogue, transposeA: true, transposeB: false };
    expect(matmul.op.cost!([type(2, 5, 3), type(2, 5, 7)], type(2, 3, 7), attributes)).toBe(2 * 3 * 7 * 5);
    // Four steps of two samples; each of the 3 units meets the 12 columns of all gates.
    const cell = {} as RecurrentAttributes;
    expect(recurrent.op.cost!([type(4, 2, 12), type(3, 12), type(2, 3)], type(6, 2, 3), cell)).toBe(4 * 2 * 3 * 12);
  });

  it('have cases with names of their own', () => {
    expect(new Set(opCases.map(({ name }) => name)).size).toBe(opCases.length);
  });
});
