/**
 * Every WebGPU kernel of every op in an emulator: small cases have no data races within a workgroup. Browser tests check the
 * results, because the emulator's integers neither wrap at 2³² nor divide as integers, and its `while` differs from WGSL.
 */
import { describe, expect, it } from 'vitest';
import { typedArray } from '../../src/core/dtype.ts';
import type { TypedArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { GpuKernel, StepTypes } from '../../src/graph/kernel.ts';
import type { StructuredOp } from '../../src/graph/op.ts';
import { allOps, argMax } from '../../src/ops/index.ts';
import { emulate, paddedCopy } from '../support/emulate.ts';
import { evaluate } from '../support/evaluate.ts';
import { instantiate, opCases } from '../support/op-cases.ts';
import type { OpCase } from '../support/op-cases.ts';

/** The emulator is slow, so only a few small cases of each kernel are tested. */
const mostElements = 300;
const casesOfKernel = 4;

const structured = allOps.filter((op) => op.kind === 'structured' && op.name !== 'elementwise') as StructuredOp[];

interface SmallStep {
  readonly step: StepTypes<never>;
  /** Of its inputs. */
  readonly values: readonly TypedArray[];
}

/** The step of a case; undefined for cases without a step or that are too large. `withParts`: with all outputs. */
function stepOf(opCase: OpCase, withParts = false): SmallStep | undefined {
  const built = opCase.build();
  const { node, variables } = instantiate(built);
  const op = node.op as StructuredOp;
  if (op.name !== opCase.op.name) return undefined;
  const elements = [node, ...node.inputs].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (elements > mostElements || sizeOf(node.shape) === 0) return undefined;
  const isOwn = node.inputs.every((input, index) => input === variables[index]);
  // The gradient of an op with parts takes them as inputs; only the case of the whole op determines them.
  if (!isOwn && !node.inputs.some(({ op: { kind } }) => kind === 'part')) return undefined;
  const feeds = new Map(variables.map((variable, index) => [variable, Float64Array.from(built.inputs[index]!.values)]));
  const values = isOwn
    ? built.inputs.map((input) => input.values)
    : evaluate(node.inputs, feeds).map((input) => Float32Array.from(input));
  const outputs = [node, ...(withParts ? (op.parts?.(node.inputs, node.attributes) ?? []) : [])];
  const inPlace = outputs.map((_, index) => (index === 0 ? (op.inPlace ?? null) : null));
  return { step: { attributes: node.attributes as never, inputs: node.inputs, outputs, inPlace }, values };
}

function runKernel(kernel: GpuKernel<never>, { step, values }: SmallStep): string[] {
  const inputs = values.map((input) => paddedCopy(input));
  const outputs = step.outputs.map(({ dtype, shape }, index) => {
    const shared = step.inPlace[index]!;
    return shared === null ? paddedCopy(typedArray(dtype, sizeOf(shape))) : inputs[shared]!;
  });
  const scratch = (kernel.scratch?.(step) ?? []).map((bytes) => new Uint32Array(bytes / 4) as unknown as Int32Array);
  const memory = { input: inputs, output: outputs, scratch };
  return kernel.lower(step).flatMap((dispatch) => emulate(dispatch, memory));
}

/** Kernels whose loops do not end in the emulator, or that use subgroup operations, which it does not support. */
const beyond = new Set(['scatterAdd linked', 'matmul quads', 'recurrent quads', 'recurrentGradient quads']);

describe.each(structured.map((op) => [op.name, op] as const))('%s', (name, op) => {
  const small = opCases.filter((opCase) => opCase.op.name === name && !opCase.nonFinite && stepOf(opCase));
  const kernels = op.kernels.webgpu.filter(
    (kernel) => kernel.name !== 'subgroups' && !beyond.has(`${name} ${kernel.name}`),
  );
  it.each(kernels.map((kernel) => [kernel.name, kernel] as const))('%s', (_, kernel) => {
    const fitting = small.filter((opCase) => kernel.when?.(stepOf(opCase)!.step) !== false);
    // A variant for sizes that are too large for the emulator is correct for smaller ones too, but slow.
    const steps = (fitting.length > 0 ? fitting : small).flatMap((opCase) =>
      (op.parts ? [false, true] : [false]).map((withParts) => stepOf(opCase, withParts)!),
    );
    // The last few, and one for each list of entries that these do not cover.
    const entriesOf = ({ step }: SmallStep): string =>
      [...new Set(kernel.lower(step as never).map(({ entry }) => entry))].join(' ');
    const chosen = steps.slice(-casesOfKernel);
    for (const step of steps.reverse()) {
      if (!chosen.some((other) => entriesOf(other) === entriesOf(step))) chosen.push(step);
    }
    expect(chosen.length).toBeGreaterThan(0);
    expect(chosen.flatMap((step) => runKernel(kernel as GpuKernel<never>, step))).toEqual([]);
  });
});

it('finds a barrier that is missing', () => {
  const kernel = argMax.op.kernels.webgpu.find(({ name }) => name === 'rows')!;
  const types = { inputs: [{ shape: [1, 100], dtype: 'float32' }], outputs: [{ shape: [1], dtype: 'int32' }] } as const;
  const [dispatch] = kernel.lower({ attributes: { axis: 1 }, ...types, inPlace: [null] });
  const memory = { input: [new Float32Array(100)], output: [new Int32Array(1)], scratch: [] };
  expect(emulate(dispatch!, memory)).toEqual([]);
  const shader = { ...dispatch!.shader, code: dispatch!.shader.code.replace('workgroupBarrier();', '') };
  expect(emulate({ ...dispatch!, shader }, memory)[0]).toMatch(/arg_max_rows: race: /);
});
