/** The verifier detects the output of broken passes, and invalid updates are reported to users. */
import { describe, expect, it } from 'vitest';
import { compileGraph } from '../../src/compiler/compile.ts';
import type { Program, ProgramBuffer } from '../../src/compiler/program.ts';
import { verifyGraph } from '../../src/compiler/verify/graph.ts';
import { verifyProgram } from '../../src/compiler/verify/program.ts';
import { sigmoid } from '../../src/ops/elementwise/activation.ts';
import { add, mul } from '../../src/ops/elementwise/arithmetic.ts';
import { matmul } from '../../src/ops/product/matmul.ts';
import { variable } from '../../src/ops/define.ts';

function sound(): Program {
  const [x, w, b] = [variable([4, 3], { name: 'x' }), variable([3, 3], { name: 'w' }), variable([3], { name: 'b' })];
  const hidden = sigmoid(matmul(x, w));
  const y = matmul(hidden, add(w, b));
  return compileGraph({ outputs: { y }, updates: [[b, mul(b, 0.5)]] }, 'wasm').program;
}

/** The program with one modified buffer. */
function withBuffer(program: Program, index: number, change: Partial<ProgramBuffer>): Program {
  return {
    ...program,
    buffers: program.buffers.map((buffer, at) => (at === index ? { ...buffer, ...change } : buffer)),
  };
}

describe('a program', () => {
  it('that is sound passes', () => {
    expect(() => verifyProgram(sound())).not.toThrow();
  });

  it('must write before it reads', () => {
    const program = sound();
    const reversed = { ...program, steps: [...program.steps].reverse() };
    expect(() => verifyProgram(reversed)).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: step matmul reads matmul, which is not written or no longer there]`,
    );
  });

  it('must keep its buffers inside their memory', () => {
    const program = sound();
    const index = program.outputs['y']!;
    const location = { kind: 'arena', allocation: 0, byteOffset: program.allocations[0]! } as const;
    expect(() => verifyProgram(withBuffer(program, index, { location }))).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: buffer matmul of 48 bytes lies outside of its memory]`,
    );
  });

  it('must not write over what it still reads', () => {
    const program = sound();
    const last = program.steps.findLast(({ op }) => op.name === 'matmul')!;
    const { location } = program.buffers[last.inputs[0]!]!;
    expect(() => verifyProgram(withBuffer(program, last.outputs[0]!, { location }))).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: step matmul writes over its input matmul]`,
    );
  });

  it('must not write constants', () => {
    const program = sound();
    const location = { kind: 'constant', index: 0 } as const;
    const constants = [{ type: { shape: [4, 3], dtype: 'float32' }, value: 1 }] as const;
    const broken = withBuffer({ ...program, constants }, program.outputs['y']!, { location });
    expect(() => verifyProgram(broken)).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: step matmul writes the constant matmul]`,
    );
  });
});

describe('a graph', () => {
  it('must have the types that its inputs give', () => {
    const [x, w] = [variable([4, 3]), variable([3, 2])];
    const y = { ...matmul(x, w), shape: [4, 5] };
    expect(() => verifyGraph({ outputs: { y }, updates: [] })).toThrow('has a type that its inputs do not give');
    const broken = { ...matmul(x, w), inputs: [x, x] };
    expect(() => verifyGraph({ outputs: { broken }, updates: [] })).toThrow(
      'is no longer valid: matmul: inner dimensions',
    );
  });

  it('refuses updates that do not fit', () => {
    const w = variable([3, 2], { name: 'w' });
    const compile = (value: typeof w): unknown => compileGraph({ outputs: {}, updates: [[w, value]] }, 'wasm');
    expect(() => compile(variable([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: compile: the update of 'w' is float32 [2, 3], but the variable is float32 [3, 2]]`,
    );
    expect(() => compile(variable([3, 2], { dtype: 'int32' }))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: compile: the update of 'w' is int32 [3, 2], but the variable is float32 [3, 2]]`,
    );
    const twice = { outputs: {}, updates: [[w, mul(w, 2)] as const, [w, mul(w, 3)] as const] };
    expect(() => compileGraph(twice, 'wasm')).toThrowErrorMatchingInlineSnapshot(
      `[StateError: compile: variable 'w' is updated twice: combine both updates]`,
    );
  });
});
