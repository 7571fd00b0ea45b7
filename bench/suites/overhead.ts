/**
 * Overhead of the executor: a program of 100 kernels that each fill one number, so that almost all the time goes to
 * reading the instruction, calling through the table and, with threads, the barriers. It is written by hand, because
 * the compiler would fuse it into one kernel.
 *
 * On one thread the floor is an indirect call of an empty function. On several, every kernel is shared, and each waits
 * at a barrier for the one before; the floor is a word that passes through all threads once. The time of a barrier is
 * the time of this program minus that of one that fills 100 separate numbers and so needs no barriers in between.
 *
 * On WebGPU it is the time in JavaScript to submit such a program and a training step, without the device's own time.
 *
 * Targets: 50 ns per kernel on one thread, 2000 ns on two; 10 µs per training step on WebGPU.
 */
import { fillKernel } from '../../src/generated/wasm/kernels.ts';
import { call, output } from '../../src/graph/kernel.ts';
import type { StructuredOp } from '../../src/graph/op.ts';
import type { Program, ProgramBuffer } from '../../src/compiler/program.ts';
import { pad, WasmBackend } from '../../src/index.ts';
import { callNanoseconds, roundNanoseconds } from '../ceilings/wasm.ts';
import { timeTinyKernels, timeTrainingStep } from '../encode-time.ts';
import { type Execution, timeInTurn, timeOne } from '../executions.ts';
import { type Milliseconds, scaled } from '../measure.ts';
import { type Context, duration, type Measured, type Suite } from '../suite.ts';

const kernels = 100;

export const suite: Suite = {
  name: 'overhead',
  description:
    'nanoseconds a kernel of a program of 100 empty kernels, and of a barrier with --threads; submits on WebGPU',
  async *run(context) {
    const { engine, quick } = context;
    const { threads } = engine.info;
    if (context.backend === 'webgpu') return yield* submits(quick);
    const floor = await callNanoseconds(quick);
    const alone = await withPrograms(context, 1, ({ same }) => timeOne(same, quick));
    yield { ...perKernel('kernel', alone, floor), threads: 1 };
    if (threads === 1) return;
    const round = await roundNanoseconds({ threads, quick });
    const { first, second } = await withPrograms(context, threads, ({ same, apart }) => timeInTurn(same, apart, quick));
    yield perKernel('kernel and barrier', first, round);
    yield perKernel('kernel without barrier', second, floor);
    yield perKernel('barrier', less(first, second), round);
  },
};

async function* submits(quick: boolean): AsyncIterable<Measured> {
  const tiny = await timeTinyKernels(kernels, quick);
  yield duration(
    'dispatch',
    scaled(tiny.milliseconds, 1 / kernels),
    'ns',
    tiny.milliseconds.median * nanoseconds,
    null,
  );
  const { milliseconds, dispatches } = await timeTrainingStep(32, quick);
  yield duration(`step of ${dispatches} dispatches`, milliseconds, 'µs', 1000 * milliseconds.median, null);
}

const nanoseconds = 1e6 / kernels;

const perKernel = (name: string, times: Milliseconds, floor: number): Measured =>
  duration(name, scaled(times, 1 / kernels), 'ns', times.median * nanoseconds, floor);

/** Clamped to 0: two programs of a few samples may differ by noise. */
function less(a: Milliseconds, b: Milliseconds): Milliseconds {
  const difference = (from: number): number => Math.max(1e-6, from - b.median);
  return { median: difference(a.median), p10: difference(a.p10), p90: difference(a.p90) };
}

interface Programs {
  /** All fill one number, one after another. */
  readonly same: Execution;
  /** Each fills a number of its own. */
  readonly apart: Execution;
}

/** Measures on a backend that shares all kernels, however small. */
async function withPrograms<T>(
  { request: { binary } }: Context,
  threads: number,
  use: (programs: Programs) => Promise<T>,
): Promise<T> {
  const backend = await WasmBackend.create({ threads, shareThreshold: 0, ...(binary !== undefined && { binary }) });
  try {
    return await use({ same: await executionOf(backend, fills(1)), apart: await executionOf(backend, fills(kernels)) });
  } finally {
    backend.dispose();
  }
}

async function executionOf(backend: WasmBackend, program: Program): Promise<Execution> {
  const prepared = await backend.prepare(program, []);
  return {
    async run(repeats) {
      prepared.run(repeats);
      await backend.finished();
    },
    dispose: () => prepared.dispose(),
  };
}

/** 100 fills of one number each, cycling through `places` numbers. */
function fills(places: number): Program {
  const line = 64;
  const buffer = (_: unknown, index: number): ProgramBuffer => ({
    type: { shape: [1], dtype: 'float32' },
    bytes: 4,
    location: { kind: 'arena', allocation: 0, byteOffset: index * line },
    value: index,
    label: 'number',
  });
  const fill = call(fillKernel, { out: output(0), count: 1, value: 0 });
  return {
    target: 'wasm',
    variables: [],
    constants: [],
    allocations: [places * line],
    buffers: Array.from({ length: places }, buffer),
    steps: Array.from({ length: kernels }, (_, index) => ({
      label: 'fill',
      op: pad.op as unknown as StructuredOp, // the op whose kernels fill
      attributes: {},
      kernel: 'fill',
      inputs: [],
      outputs: [index % places],
      scratch: [],
      inPlace: [null],
      calls: [fill],
      dispatches: [],
    })),
    outputs: {},
  };
}
