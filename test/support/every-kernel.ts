/**
 * Runs every op case, large kernels and a training run on guarded memory. Reports wrong values and stray writes. Works in Node
 * and in a page.
 */
import type { TypedArray } from '../../src/core/dtype.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { WasmOptions } from '../../src/backends/wasm/index.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import * as ops from '../../src/ops/index.ts';
import { adam } from '../../src/optim/adam.ts';
import { sequential } from '../../src/model/make-model.ts';
import { GuardedWasm } from './guarded-wasm.ts';
import { allWeights, blobs } from './models.ts';
import { mismatch } from './op-cases.ts';
import { caseResults } from './run-cases.ts';

export interface Setting {
  readonly binary: 'simd' | 'relaxed-simd';
  /** 1: the calling thread runs programs. More: workers share all kernels that can be shared, however small. */
  readonly threads: number;
}

/** Both binaries share the code that divides work among threads, so each is tested with a different number of threads. */
export const settings: readonly Setting[] = [
  { binary: 'simd', threads: 1 },
  { binary: 'simd', threads: 3 },
  { binary: 'relaxed-simd', threads: 1 },
  { binary: 'relaxed-simd', threads: 2 },
];

/** Runs its work on guarded memory and, to compare bits, on one thread of the same binary without guards. */
export class KernelCheck {
  private readonly guarded: GuardedWasm;
  private readonly engine: Engine;
  private readonly plain: Engine;

  static async start({ binary, threads }: Setting): Promise<KernelCheck> {
    const options: WasmOptions = { binary, threads, worker: threads > 1, shareThreshold: 0, patience: 20 };
    return new KernelCheck(await GuardedWasm.create(options), new Engine(await WasmBackend.create({ binary })));
  }

  private constructor(guarded: GuardedWasm, plain: Engine) {
    this.guarded = guarded;
    this.engine = new Engine(guarded.backend);
    this.plain = plain;
  }

  /** The actual number of threads. */
  get threads(): number {
    return this.engine.info.threads;
  }

  /** Returns the problems with the cases of an op. */
  async cases(name: string): Promise<string[]> {
    const expected = await caseResults(this.plain, name);
    const given = await caseResults(this.engine, name);
    // several threads must give the same bits as one
    const wrong = this.threads === 1 ? given.flatMap(({ opCase, values }) => mismatch(opCase, values) ?? []) : [];
    const other = given.flatMap(({ opCase, values }, index) => different(opCase.name, values, expected[index]!.values));
    return [...wrong, ...other, ...this.violations(), ...this.notReleased()];
  }

  /** Returns the problems with kernels of several blocks, tiles and parts. */
  async largeKernels(): Promise<string[]> {
    const run = async (engine: Engine): Promise<Record<string, TypedArray>> => {
      const executable = await engine.compile({ outputs: largeOutputs() });
      executable.run(2);
      const names = Object.keys(executable.program.outputs);
      const values = await Promise.all(names.map((name) => executable.read(name)));
      executable.dispose();
      return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
    };
    const [expected, given] = [await run(this.plain), await run(this.engine)];
    const problems = Object.entries(given).flatMap(([name, values]) => different(name, values, expected[name]!));
    return [...problems, ...this.violations()];
  }

  /** Returns the problems with a training run, which updates variables in place. */
  async training(): Promise<string[]> {
    const { x, y } = blobs(150);
    const train = async (engine: Engine): Promise<Float32Array> => {
      const layers = [
        dense({ units: 33, activation: 'relu', inputShape: [2] }),
        dropout({ rate: 0.2 }),
        dense({ units: 3, activation: 'softmax' }),
      ];
      const model = sequential(layers, { engine, seed: 3 });
      model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      await model.fit(x, y, { epochs: 2, batchSize: 32, validationSplit: 0.2 });
      return Float32Array.from(await allWeights(model));
    };
    const problems = different('training', await train(this.engine), await train(this.plain));
    return [...problems, ...this.violations()];
  }

  dispose(): void {
    this.engine.dispose();
    this.plain.dispose();
  }

  private notReleased(): string[] {
    const { stateBytes, arenaBytes } = this.engine.info;
    return stateBytes + arenaBytes === 0 ? [] : [`${stateBytes} + ${arenaBytes} bytes were not released`];
  }

  private violations(): string[] {
    return this.guarded.violations.splice(0);
  }
}

function different(name: string, given: TypedArray, expected: TypedArray): string[] {
  const bytes = ({ buffer, byteOffset, byteLength }: TypedArray) => new Uint8Array(buffer, byteOffset, byteLength);
  const [some, others] = [bytes(given), bytes(expected)];
  const isSame = some.length === others.length && some.every((byte, index) => byte === others[index]);
  return isSame ? [] : [`${name}: other bits than on one thread`];
}

function filled(shape: readonly number[], seed = 1): Variable {
  const count = shape.reduce((product, size) => product * size, 1);
  const initialize = (): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => Math.sin(seed * index + seed));
  return ops.variable([...shape], { initialize });
}

const largeOutputs = (): Record<string, Node> => ({
  square: ops.matmul(filled([129, 301]), filled([301, 67], 2)),
  wide: ops.tanh(ops.add(ops.matmul(filled([3, 70]), filled([70, 1101], 2)), filled([1101], 3))),
  tall: ops.matmul(filled([70, 1101]), filled([70, 9], 2), { transposeA: true }),
  column: ops.matmul(filled([501, 300]), filled([300, 1], 2)),
  dots: ops.matmul(filled([5, 601]), filled([301, 601], 2), { transposeB: true }),
  batch: ops.matmul(filled([7, 33, 21]), filled([7, 21, 35], 2)),
  sums: ops.sum(filled([71, 301]), 0),
  rows: ops.softmax(filled([61, 301])),
  transposed: ops.transpose(filled([67, 131])),
  chain: ops.exp(ops.mul(ops.add(filled([5001]), 1), filled([5001], 2))),
  ...recurrentOutputs('lstm'),
  ...recurrentOutputs('gru'),
  ...batchNormOutputs(),
});

/** Several blocks of rows, and their gradients. */
function recurrentOutputs(cell: 'lstm' | 'gru'): Record<string, Node> {
  const [steps, batch, units] = [3, 203, 21];
  const x = filled([steps, batch, 5]);
  const gates = cell === 'lstm' ? 4 : 3;
  const kernel = filled([5, gates * units], 2);
  const recurrentKernel = filled([units, gates * units], 3);
  const { outputs, states } = ops.recurrence(ops.transpose(x, [1, 0, 2]), { cell, kernel, recurrentKernel });
  const slopes = gradients(ops.sum(ops.square(outputs)), [x, kernel, recurrentKernel]);
  const named = Object.entries({ outputs, state: states[0]!, dx: slopes[0]!, dw: slopes[1]!, du: slopes[2]! });
  return Object.fromEntries(named.map(([name, node]) => [`${cell} ${name}`, node]));
}

/** Several parts of rows, the last one shorter, and a number of columns that is not a multiple of the vector width. */
function batchNormOutputs(): Record<string, Node> {
  const [x, scale] = [filled([1003, 37]), filled([37], 2)];
  const { output, mean, variance } = ops.batchNorm(x, { scale });
  const [dx, dScale] = gradients(ops.sum(ops.mul(output, filled([1003, 37], 3))), [x, scale]) as [Node, Node];
  const named = Object.entries({ output, mean, variance, dx, dScale });
  return Object.fromEntries(named.map(([name, node]) => [`batch norm ${name}`, node]));
}
