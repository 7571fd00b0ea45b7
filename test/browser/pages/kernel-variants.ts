/**
 * Page module: all WebGPU variants of an op, each forced in turn on the same odd sizes, on guarded memory. Called by
 * ../kernel-variants.test.ts.
 */
import { gradients } from '../../../src/autodiff/gradients.ts';
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import { typedArray } from '../../../src/core/dtype.ts';
import { uniform } from '../../../src/core/random.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { Engine } from '../../../src/engine.ts';
import type { Node, Variable } from '../../../src/graph/node.ts';
import type { StructuredOp } from '../../../src/graph/op.ts';
import * as ops from '../../../src/ops/index.ts';
import { GuardedWebGPU } from '../../support/guarded-webgpu.ts';
import { caseResults } from '../../support/run-cases.ts';
import { mismatch } from '../../support/op-cases.ts';

function filled(shape: Shape, stream = 0, dtype: 'float32' | 'int32' = 'float32', below = 1): Variable {
  const draws = uniform([7, sizeOf(shape)], sizeOf(shape), stream);
  const initialize = () => {
    const values = typedArray(dtype, draws.length);
    draws.forEach((draw, index) => (values[index] = dtype === 'int32' ? Math.floor(draw * below) : 2 * draw - 1));
    return values;
  };
  return ops.variable([...shape], { dtype, initialize });
}

/** m, k, n: not multiples of a tile, single rows and columns, whole tiles, several steps of k, several slots of k. */
const sizes: readonly (readonly [m: number, k: number, n: number])[] = [
  [1, 1, 1],
  [1, 33, 5],
  [7, 3, 1],
  [5, 9, 6],
  [16, 32, 16],
  [33, 17, 31],
  [65, 70, 129],
  [128, 64, 256],
  [2, 520, 35],
  // Enough work that software adapters use wide blocks of columns.
  [130, 262, 130],
  [1030, 205, 21],
];

/** These sizes are tested in every layout, the others in one each: SwiftShader takes a second per pipeline. */
const inEveryLayout: readonly number[] = [4, 5, 6, 7];

function products(): Record<string, Node> {
  const outputs: Record<string, Node> = {};
  for (const [index, [m, k, n]] of sizes.entries()) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const layout = 2 * Number(transposeA) + Number(transposeB);
        if (!inEveryLayout.includes(index) && index % 4 !== layout) continue;
        const a = filled(transposeA ? [k, m] : [m, k]);
        const b = filled(transposeB ? [n, k] : [k, n], 1);
        const y = ops.matmul(a, b, { transposeA, transposeB });
        outputs[`${m} ${k} ${n}${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`] = y;
      }
    }
    const whole = ops.add(ops.add(ops.matmul(filled([m, k]), filled([k, n], 1)), filled([n], 2)), filled([m, n], 3));
    outputs[`${m} ${k} ${n} with all`] = ops.relu(whole);
  }
  outputs['no k'] = ops.matmul(filled([3, 0]), filled([0, 5], 1));
  outputs['batch of slots'] = ops.add(ops.matmul(filled([3, 5, 70]), filled([3, 70, 7], 1)), filled([7], 2));
  outputs['batch'] = ops.matmul(filled([3, 5, 9]), filled([3, 9, 7], 1));
  outputs['broadcast'] = ops.matmul(filled([5, 9]), filled([3, 9, 8], 1));
  return outputs;
}

/** Cells over a few steps: samples and units that are not multiples of a block, a single one, several blocks. */
function networks(): Record<string, readonly [x: Variable, y: Node]> {
  const kinds = [
    ['simple', 1, true],
    ['lstm', 4, true],
    ['gru', 3, true],
    ['gru', 3, false],
  ] as const;
  const shapes = [
    [1, 2, 1],
    [3, 3, 5],
    [33, 2, 17],
    [7, 4, 66],
  ] as const;
  return Object.fromEntries(
    kinds.flatMap(([cell, gates, resetAfter]) =>
      shapes.map(([batch, steps, units]) => {
        const small = (node: Node): Node => ops.mul(node, 1 / Math.sqrt(units));
        const x = filled([batch, steps, 3]);
        const { outputs } = ops.recurrence(x, {
          cell,
          resetAfter,
          kernel: filled([3, gates * units], 1),
          recurrentKernel: small(filled([units, gates * units], 2)),
          mask: ops.greater(filled([batch, steps], 3), -0.5),
          recurrentDropout: filled([batch, units], 4),
        });
        return [`${cell} ${batch} ${steps} ${units}${resetAfter ? '' : ' early'}`, [x, outputs] as const];
      }),
    ),
  );
}

/** Rows that a whole workgroup shares: no power of two, several elements per thread, split into parts, one with a NaN. */
function longRows(build: (x: Variable, rows: number, columns: number) => Node): () => Record<string, Node> {
  const shapes = [
    [1, 301],
    [3, 1025],
    [70, 260],
    [2, 9001],
  ] as const;
  const spoilt = ops.variable([3, 300], {
    initialize: () => Float32Array.from({ length: 900 }, (_, index) => (index === 437 ? NaN : Math.sin(index))),
  });
  return () => ({
    ...Object.fromEntries(
      shapes.map(([rows, columns]) => [`${rows} ${columns}`, build(filled([rows, columns]), rows, columns)]),
    ),
    'with a NaN': build(spoilt, 3, 300),
  });
}

/** Sums are divided by their length, so that one tolerance fits all. */
const shortened =
  (build: (x: Node, axis: number) => Node) =>
  (x: Variable, _: number, columns: number): Node =>
    ops.mul(build(x, -1), 1 / columns);

const mapValues = <A, B>(values: Record<string, A>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** All variants are correct for these shapes. */
const graphs: Readonly<Record<string, () => Record<string, Node>>> = {
  matmul: products,
  argMax: () =>
    Object.fromEntries(
      [
        [1, 1],
        [3, 5],
        [17, 64],
        [2, 301],
        [70, 65],
      ].map((shape) => [shape.join(), ops.argMax(filled(shape))]),
    ),
  scatterAdd: () =>
    Object.fromEntries(
      [
        [1, 1, 3],
        [5, 3, 2],
        [64, 1, 7],
        [65, 5, 9],
        [301, 3, 4],
      ].map(([count, row, rows]) => {
        const indices = filled([count!], 1, 'int32', rows! + 1); // an index past the end is ignored
        return [`${count} ${row} ${rows}`, ops.scatterAdd(filled([count!, row!]), indices, rows!)];
      }),
    ),
  sum: longRows(shortened(ops.sum)),
  mean: longRows((x) => ops.mean(x, -1)),
  max: longRows((x) => ops.max(x, -1)),
  min: longRows((x) => ops.min(x, -1)),
  sumOfSquares: longRows(shortened(ops.sumOfSquares)),
  softmax: longRows((x) => ops.softmax(x)),
  logSoftmax: longRows((x) => ops.logSoftmax(x)),
  softmaxCrossEntropy: longRows(shortened((x) => ops.softmaxCrossEntropy(filled(x.shape, 1), x))),
  sparseSoftmaxCrossEntropy: longRows((x, rows, columns) =>
    ops.sparseSoftmaxCrossEntropy(filled([rows], 1, 'int32', columns + 1), x),
  ),
  layerNorm: longRows((x, _, columns) =>
    ops.layerNorm(x, { scale: filled([columns], 1), offset: filled([columns], 2) }),
  ),
  layerNormGradient: longRows((x, rows, columns) =>
    ops.layerNormGradient(x, filled([columns], 1), filled([rows, columns], 2), { epsilon: 1e-3 }),
  ),
  layerNormSums: longRows((x, rows, columns) =>
    ops.mul(ops.layerNormSums(x, filled([rows, columns], 2), { epsilon: 1e-3 }), 1 / 32),
  ),
  recurrent: () => mapValues(networks(), ([, y]) => y),
  recurrentGradient: () => mapValues(networks(), ([x, y]) => gradients(ops.sum(y), [x])[0]!),
};

/** The ops with several WebGPU kernels, and the kernels' names. */
export function variants(): Record<string, string[]> {
  const several = (ops.allOps as readonly StructuredOp[]).filter(
    ({ kind, kernels }) => kind === 'structured' && kernels.webgpu.length > 1,
  );
  return Object.fromEntries(several.map(({ name, kernels }) => [name, kernels.webgpu.map((kernel) => kernel.name)]));
}

interface Forced {
  readonly op: string;
  readonly kernel: string;
  /** Every second output of the graph: there are too many pipelines for a software adapter to compile in one call. */
  readonly half: 0 | 1;
}

interface Outcome {
  /** The maximum difference of each output from float64. */
  readonly errors: Record<string, number>;
  /** The kernels that ran for the op. */
  readonly kernels: readonly string[];
  /** The stray writes, and the number of guarded buffers. */
  readonly violations: readonly string[];
  readonly watched: number;
}

/** Runs the op's graph with the kernel of this name. */
export async function force({ op, kernel, half }: Forced): Promise<Outcome> {
  const all = Object.entries(graphs[op]!());
  const outputs = Object.fromEntries(all.filter((_, index) => index % 2 === half));
  const names = Object.keys(outputs);
  const reference = new Engine(new ReferenceBackend());
  const expected = await reference.compile({ outputs });
  expected.run();
  const guarded = await GuardedWebGPU.create();
  const engine = new Engine(guarded.backend);
  const executable = await engine.compile({ outputs }, { kernels: { [op]: kernel } });
  executable.run();
  const errors: Record<string, number> = {};
  for (const name of names) {
    const [got, want] = [await executable.read(name), await expected.read(name)];
    const difference = (a: number, b: number): number => (Object.is(a, b) ? 0 : Math.abs(a - b));
    const differences = Array.from(got, (value, index) => difference(value, want[index]!));
    errors[name] = differences.reduce((most, error) => (error <= most ? most : error), 0); // preserves NaN
  }
  const kernels = executable.program.steps.filter((step) => step.op.name === op).map((step) => step.kernel);
  const violations = await guarded.violations();
  const { watched } = guarded;
  engine.dispose();
  return { errors, kernels: [...new Set(kernels)], violations, watched };
}

interface Cases {
  readonly names: readonly string[];
  /** Used for every op that has it. */
  readonly kernel?: string;
}

/** Returns the problems with the cases of these ops on guarded memory. */
export async function guardedCases({ names, kernel }: Cases): Promise<string[]> {
  const guarded = await GuardedWebGPU.create();
  const engine = new Engine(guarded.backend);
  if (kernel !== undefined) for (const name of names) engine.kernels[name] = kernel;
  const problems: string[] = [];
  for (const name of names) {
    const beforeDispose = async (): Promise<void> => {
      problems.push(...(await guarded.violations()).map((place) => `${name}: written ${place}`));
    };
    const results = await caseResults(engine, name, { beforeDispose });
    for (const { opCase, values } of results) problems.push(...[mismatch(opCase, values, 'webgpu') ?? []].flat());
  }
  const { stateBytes, arenaBytes } = engine.info;
  if (stateBytes + arenaBytes !== 0) problems.push(`${stateBytes} + ${arenaBytes} bytes were not released`);
  engine.dispose();
  return problems;
}

/** Whether a program that writes past its output is detected. */
export async function writesTooFar(count: number): Promise<string[]> {
  const guarded = await GuardedWebGPU.create();
  const engine = new Engine(guarded.backend);
  const prepare = guarded.backend.prepare.bind(guarded.backend);
  guarded.backend.prepare = (program, variables) => {
    const steps = program.steps.map((step) => ({
      ...step,
      dispatches: step.dispatches.map((dispatch) => ({
        ...dispatch,
        uniforms: { ...dispatch.uniforms, size: count },
      })),
    }));
    return prepare({ ...program, steps }, variables);
  };
  const executable = await engine.compile({ outputs: { y: ops.add(filled([8]), 1) } });
  executable.run();
  const violations = await guarded.violations();
  engine.dispose();
  return violations;
}
