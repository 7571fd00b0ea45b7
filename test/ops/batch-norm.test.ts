/** The batch normalization graph: values computed by hand, masked rows, gradients, and the compiled program. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { compileGraph } from '../../src/compiler/compile.ts';
import { keyFromSeed, normal } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { add, batchNorm, constant, mul, normalizeWith, relu, sum, variable } from '../../src/ops/index.ts';
import type { BatchNorm } from '../../src/ops/index.ts';
import { evaluate } from '../support/evaluate.ts';
import { centralDifferences, disagreement } from '../support/finite-differences.ts';
import { engines, wasmEngine } from '../support/models.ts';
import { messageOf } from '../nn/support.ts';

const tensor = (values: readonly number[], shape: Shape): Node => constant(Float32Array.from(values), shape);
const close = (values: readonly number[], digits = 6): unknown[] =>
  values.map((value) => expect.closeTo(value, digits));

async function valuesOn(
  create: (typeof engines)[number][1],
  node: BatchNorm,
): Promise<Record<keyof BatchNorm, number[]>> {
  const engine = await create();
  const executable = await engine.compile({ outputs: { ...node } });
  executable.run(1);
  const read = async (name: keyof BatchNorm): Promise<number[]> => [...(await executable.read(name))];
  const values = { output: await read('output'), mean: await read('mean'), variance: await read('variance') };
  engine.dispose();
  return values;
}

describe.each(engines)('on %s', (_, create) => {
  // Columns (1, 3, 5) and (10, 10, 40): means 3 and 20, variances 8/3 and 200.
  test('each column has mean 0, and variance 1 but for epsilon', async () => {
    const x = tensor([1, 10, 3, 10, 5, 40], [3, 2]);
    const options = { scale: tensor([1, 2], [2]), offset: tensor([0, 5], [2]), epsilon: 0 };
    const { output, mean, variance } = await valuesOn(create, batchNorm(x, options));
    expect(mean).toEqual(close([3, 20]));
    expect(variance).toEqual(close([8 / 3, 200], 4));
    const [end, low] = [Math.sqrt(3 / 2), Math.SQRT1_2];
    expect(output).toEqual(close([-end, 5 - 2 * low, 0, 5 - 2 * low, end, 5 + 4 * low]));
  });

  test('rows without weight count nothing, however many axes they have', async () => {
    const values = [1, 3, 100, -50, 5, 7, 2, 2];
    const { output, mean, variance } = await valuesOn(
      create,
      batchNorm(tensor(values, [2, 2, 2]), { weights: tensor([1, 0, 1, 0], [2, 2]), epsilon: 0 }),
    );
    expect(mean).toEqual(close([3, 5]));
    expect(variance).toEqual(close([4, 4]));
    expect(output).toEqual(close([-1, -1, 48.5, -27.5, 1, 1, -0.5, -1.5]));
  });

  // Keras, test_input_fully_masked: fully masked zeros remain zeros.
  test('where nothing counts, nothing is divided by', async () => {
    const { output } = await valuesOn(create, batchNorm(constant(0, [4, 5]), { weights: constant(0, [4]) }));
    expect(output).toEqual(new Array(20).fill(0));
  });

  test('a constant column gives the offset', async () => {
    const { output, variance } = await valuesOn(
      create,
      batchNorm(constant(0.1, [70, 3]), { offset: tensor([1, 2, 3], [3]) }),
    );
    expect(variance).toEqual([0, 0, 0]);
    expect(output.slice(-3)).toEqual([1, 2, 3]);
  });

  // Rounding the mean to float32 gives an error of 1/20 of these deviations, and a difference of squares has no correct digit.
  test('columns far from 0 keep their digits', async () => {
    const noise = normal(keyFromSeed(4), 300 * 5);
    const x = Float32Array.from(noise, (value) => 1e4 + value / 100);
    const exact = evaluate([batchNorm(constant(x, [300, 5]), { epsilon: 1e-6 }).output], new Map())[0]!;
    const { output } = await valuesOn(create, batchNorm(constant(x, [300, 5]), { epsilon: 1e-6 }));
    expect(Math.max(...output.map((value, at) => Math.abs(value - exact[at]!)))).toBeLessThan(4e-6);
  });

  // The variance of the first column is 1e38 at most, those of the others are beyond float32.
  test('a column whose variance overflows gives the offset, and no gradient', async () => {
    for (const [size, rows] of [
      [1e20, 3],
      [1e30, 70],
    ] as const) {
      const values = Float32Array.from(
        { length: 3 * rows },
        (_, index) => [1, size, -size][index % 3]! * ((index * 7) % 5),
      );
      const [x, scale] = [
        variable([rows, 3], { initialize: () => values }),
        variable([3], { initialize: () => Float32Array.of(2, 3, 4) }),
      ];
      const result = batchNorm(x, { scale, offset: tensor([5, 6, 7], [3]) });
      const weighted = sum(
        mul(
          result.output,
          constant(
            Float32Array.from(values, (_, index) => index % 4),
            [rows, 3],
          ),
        ),
      );
      const [dx, dScale] = gradients(weighted, [x, scale]) as [Node, Node];
      const engine = await create();
      const executable = await engine.compile({ outputs: { ...result, dx, dScale } });
      executable.run(1);
      const read = async (name: string): Promise<number[]> => [...(await executable.read(name))];
      expect((await read('variance')).map(Number.isFinite)).toEqual([true, false, false]);
      expect((await read('mean')).every(Number.isFinite)).toBe(true);
      for (const [name, huge] of [
        ['output', [6, 7]],
        ['dx', [0, 0]],
        ['dScale', [0, 0]],
      ] as const) {
        const rowsOf = await read(name);
        for (let at = 0; at < rowsOf.length; at += 3) {
          expect(rowsOf.slice(at + 1, at + 3).map((value) => value + 0)).toEqual(huge);
          expect(Number.isFinite(rowsOf[at])).toBe(true);
        }
      }
      expect((await read('dx')).some((value) => value !== 0)).toBe(true);
      engine.dispose();
    }
  });

  test('NaN stays in its column, and makes it NaN', async () => {
    const { output, variance } = await valuesOn(create, batchNorm(tensor([1, 2, NaN, 4, 5, 7], [3, 2])));
    expect(output.map(Number.isNaN)).toEqual([true, false, true, false, true, false]);
    expect(variance.map(Number.isNaN)).toEqual([true, false]);
  });

  test('an infinite variance gives the offset', async () => {
    const known = { mean: tensor([1, 1e30], [2]), variance: tensor([4, Infinity], [2]) };
    const output = normalizeWith(tensor([3, 1e30, 1, -1e30], [2, 2]), known.mean, known.variance, {
      epsilon: 0,
      offset: tensor([0, 3], [2]),
    });
    expect((await valuesOn(create, { output, ...known })).output).toEqual(close([1, 3, 0, 3]));
  });

  test('known moments in place of its own', async () => {
    const x = tensor([1, 2, 3, 4], [2, 2]);
    const known = { mean: tensor([1, 0], [2]), variance: tensor([4, 1], [2]) };
    const output = normalizeWith(x, known.mean, known.variance, { epsilon: 0, scale: tensor([2, 1], [2]) });
    expect((await valuesOn(create, { output, ...known })).output).toEqual(close([0, 2, 2, 4]));
  });
});

test('rows that only fill up leave the bits of the others as they are', async () => {
  for (const [rows, columns] of [
    [3, 5],
    [19, 8],
    [63, 33],
  ] as const) {
    const values = normal(keyFromSeed(rows), rows * columns);
    const filled = new Float32Array(64 * columns).fill(7);
    filled.set(values);
    const weights = Float32Array.from({ length: 64 }, (_, row) => Number(row < rows));
    const whole = await valuesOn(wasmEngine, batchNorm(constant(values, [rows, columns])));
    const short = await valuesOn(
      wasmEngine,
      batchNorm(constant(filled, [64, columns]), { weights: constant(weights) }),
    );
    expect(short.output.slice(0, rows * columns)).toEqual(whole.output);
    expect([short.mean, short.variance]).toEqual([whole.mean, whole.variance]);
  }
});

describe('gradients', () => {
  const draws = (shape: Shape, seed: number): Float64Array =>
    Float64Array.from(normal(keyFromSeed(seed), sizeOf(shape)));

  test.each([
    [[5, 3], undefined],
    [
      [5, 3],
      [1, 1, 0, 1, 0],
    ],
    [
      [2, 3, 2],
      [1, 1, 0, 1, 1, 1],
    ],
  ] as const)('of %j, weights %j, to the second order', (shape, mask) => {
    const columns = shape.at(-1)!;
    const [x, scale, offset] = [shape, [columns], [columns]].map((each) => variable(each)) as [
      Variable,
      Variable,
      Variable,
    ];
    const weights = mask && tensor(mask, shape.slice(0, -1));
    const { output, mean, variance } = batchNorm(x, { scale, offset, ...(weights && { weights }) });
    const weigh = (node: Node, seed: number): Node =>
      sum(mul(node, constant(Float32Array.from(draws(node.shape, seed)), node.shape)));
    const loss = [output, mean, variance].map((node, index) => weigh(node, 20 + index)).reduce((a, b) => add(a, b));
    const feeds = new Map([x, scale, offset].map((each, index) => [each, draws(each.shape, 30 + index)]));
    const wrt = [x, scale, offset];
    const slopes = gradients(loss, wrt);
    evaluate(slopes, feeds).forEach((values, index) => {
      expect(disagreement(values, centralDifferences(loss, wrt[index]!, feeds))).toBeUndefined();
    });
    const slopeLoss = slopes.map((slope, index) => weigh(slope, 40 + index)).reduce((a, b) => add(a, b));
    for (const each of [x, scale]) {
      const [curvature] = evaluate(gradients(slopeLoss, [each]), feeds);
      expect(disagreement(curvature!, centralDifferences(slopeLoss, each, feeds), 1e-5)).toBeUndefined();
    }
  });

  // PyTorch's and Keras's own: dx sums to 0 over the batch, and is orthogonal to x̂.
  test('with respect to x have no mean, and no part along x̂', () => {
    const x = variable([6, 2]);
    const { output } = batchNorm(x, { epsilon: 0 });
    const [dx] = gradients(sum(mul(output, constant(Float32Array.from(draws([6, 2], 3)), [6, 2]))), [x]);
    const feeds = new Map([[x, draws([6, 2], 4)]]);
    for (const node of [sum(dx!, 0), sum(mul(dx!, output), 0)]) {
      expect([...evaluate([node], feeds)[0]!]).toEqual(close([0, 0], 10));
    }
  });
});

test.each(['wasm', 'webgpu'] as const)('what moves through memory in a program for %s', (target) => {
  const [rows, columns] = [128, 8];
  const [x, scale, offset, slope] = [[rows, columns], [columns], [columns], [rows, columns]].map((shape) =>
    variable(shape),
  ) as [Variable, Variable, Variable, Variable];
  const weights = variable([rows]);
  const y = relu(batchNorm(x, { scale, offset, weights }).output);
  const [dx, dScale, dOffset] = gradients(sum(mul(y, slope)), [x, scale, offset]) as [Node, Node, Node];
  const { program } = compileGraph({ outputs: { y, dx, dScale, dOffset }, updates: [] }, target);
  const large = (buffers: readonly number[]): number =>
    buffers.filter((buffer) => program.buffers[buffer]!.bytes === 4 * rows * columns).length;
  const moving = program.steps
    .map(({ op: { name }, inputs, outputs }) => `${name}: reads ${large(inputs)}, writes ${large(outputs)}`)
    .filter((line) => !line.endsWith('reads 0, writes 0'));
  expect(moving).toEqual([
    'slice: reads 1, writes 0', // one row
    'columnSums: reads 1, writes 0',
    'elementwise: reads 2, writes 2', // y, and the gradient after the activation
    'columnSums: reads 2, writes 0',
    'elementwise: reads 2, writes 1', // dx
  ]);
});

test('errors', () => {
  const x = constant(0, [4, 3]);
  const wrong = [
    () => batchNorm(constant(0, [4])),
    () => batchNorm(constant(0, [0, 3])),
    () => batchNorm(x, { scale: constant(1, [4]) }),
    () => batchNorm(x, { offset: constant(1, [1, 3]) }),
    () => batchNorm(x, { weights: constant(1, [4, 3]) }),
    () => batchNorm(x, { epsilon: -1 }),
    () => batchNorm(constant(0, [4, 3], 'int32')),
    () => normalizeWith(x, constant(0, [4]), constant(0, [3])),
    () => normalizeWith(x, constant(0, [3]), constant(0, [4])),
    () => normalizeWith(constant(0, []), constant(0, [3]), constant(0, [3])),
  ];
  expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
    "ShapeError: batchNorm: takes [..., columns] of two axes or more, not [4]
    ShapeError: batchNorm: [0, 3] has no rows: there is no mean
    ShapeError: batchNorm: scale must be [3], not [4]
    ShapeError: batchNorm: offset must be [3], not [1, 3]
    ShapeError: batchNorm: weights must be [4], not [4, 3]
    ValueError: batchNorm: epsilon must be a finite number ≥ 0, not -1
    DTypeError: columnSums: takes float32, not int32: convert it with cast()
    ShapeError: normalizeWith: the mean must be [3], not [4]
    ShapeError: normalizeWith: the variance must be [3], not [4]
    ShapeError: normalizeWith: takes [..., columns] of two axes or more, not []"
  `);
});
