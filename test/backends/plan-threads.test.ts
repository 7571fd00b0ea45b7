/** Barriers between threads: kernels that share the scratch memory of the program count as writers of it. */
import { expect, it } from 'vitest';
import { planThreads } from '../../src/backends/wasm/threads/plan.ts';
import type { Program, ProgramBuffer, ProgramStep } from '../../src/compiler/program.ts';
import { copy } from '../../src/ops/shape/copy.ts';
import type { StructuredOp } from '../../src/graph/op.ts';

const type = { shape: [4], dtype: 'float32' } as const;

function step(entry: string, input: number, output: number, scratch: readonly number[] = []): ProgramStep {
  return {
    label: entry,
    op: copy.op as unknown as StructuredOp,
    attributes: {},
    kernel: '',
    inputs: [input],
    outputs: [output],
    scratch,
    inPlace: [null],
    calls: [{ entry, words: [] }],
    dispatches: [],
  };
}

/** Whether there is a barrier before the second of two shared kernels, which writes where the first has its scratch memory. */
function waits(first: string): boolean {
  const buffer = (value: number): ProgramBuffer => ({
    type,
    bytes: 16,
    location: { kind: 'arena', allocation: 0, byteOffset: 0 },
    value,
    label: '',
  });
  const program: Program = {
    target: 'wasm',
    variables: [],
    constants: [],
    allocations: [],
    buffers: [0, 1, 2, 3, -1].map(buffer),
    steps: [step(first, 0, 1, [4]), step('copy', 2, 3)],
    outputs: {},
  };
  const addresses = [0, 16, 32, 64, 64];
  const request = { program, addresses, indexOf: () => 0, stream: 0, threads: 2, workOf: () => 1e6, threshold: 0 };
  return (planThreads(request).marks[1]! & 2) !== 0;
}

it('a recurrent cell shares scratch memory among its threads, so what comes to lie there waits', () => {
  expect(waits('recurrent')).toBe(true);
  expect(waits('recurrent_gradient')).toBe(true);
});

it('threads that share a product leave the scratch memory alone', () => {
  expect(waits('matmul')).toBe(false);
});
