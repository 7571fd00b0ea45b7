/**
 * Runs every kernel as a program, in both binaries, with one, two and three threads: values are within tolerance, the bits equal
 * those of one thread, and no byte outside the outputs is written.
 */
import { setFlagsFromString } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillKernel } from '../../src/generated/wasm/kernels.ts';
import { call } from '../../src/graph/kernel.ts';
import type { StructuredOp } from '../../src/graph/op.ts';
import type { Program } from '../../src/compiler/program.ts';
import { pad } from '../../src/ops/shape/slice.ts';
import { KernelCheck, settings } from '../support/every-kernel.ts';
import { GuardedWasm } from '../support/guarded-wasm.ts';
import { opNames } from '../support/run-cases.ts';

// Node 20 has relaxed SIMD behind a flag; newer ones ignore the unknown flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

describe.each(settings)('$binary, threads: $threads', (setting) => {
  let check: KernelCheck;
  beforeAll(async () => void (check = await KernelCheck.start(setting)));
  afterAll(() => check.dispose());

  it.each(opNames)('%s', async (name) => {
    expect(await check.cases(name)).toEqual([]);
  });

  it('large kernels', async () => {
    expect(await check.largeKernels()).toEqual([]);
    expect(check.threads).toBe(setting.threads);
  });

  it('training', async () => {
    expect(await check.training()).toEqual([]);
  });
});

/** Fills `count` numbers of `input` or `output`, possibly beyond the end; the output has four. */
function fills(list: 'input' | 'output', count: number, byteOffset: number): Program {
  const type = { shape: [4], dtype: 'float32' } as const;
  const fill = call(fillKernel, { out: { list, index: 0, byteOffset }, count, value: 0x3f8ccccd });
  return {
    target: 'wasm',
    variables: [{ name: 'x', type }],
    constants: [],
    allocations: [64],
    buffers: [
      { type, bytes: 16, location: { kind: 'variable', index: 0 }, value: 0, label: 'x' },
      { type, bytes: 16, location: { kind: 'arena', allocation: 0, byteOffset: 0 }, value: 1, label: 'y' },
    ],
    steps: [
      {
        label: 'fill',
        op: pad.op as unknown as StructuredOp,
        attributes: {},
        kernel: 'fill',
        inputs: [0],
        outputs: [1],
        scratch: [],
        inPlace: [null],
        calls: [fill],
        dispatches: [],
      },
    ],
    outputs: { y: 1 },
  };
}

describe.each([1, 2])('a program that writes where it should not is found, threads: %i', (threads) => {
  it.each([
    ['nothing', fills('output', 4, 0), []],
    ['behind its output', fills('output', 5, 0), ['0 bytes behind the arena']],
    ['before its output', fills('output', 1, -4), ['4 bytes before the arena']],
    ['far behind', fills('output', 1, 200), ['184 bytes behind the arena']],
    ['in its input', fills('input', 1, 8), ["byte 8 of 'x'"]],
  ])('%s', async (_, program, places) => {
    const { backend, violations } = await GuardedWasm.create({ threads, worker: threads > 1, shareThreshold: 0 });
    const x = backend.allocate({ shape: [4], dtype: 'float32' }, 'x');
    const prepared = await backend.prepare(program, [x]);
    prepared.run(1);
    await backend.finished();
    expect(violations).toEqual(places.map((place) => `written outside the outputs: ${place}`));
    backend.dispose();
  });
});
