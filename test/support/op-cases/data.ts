/** Cases of ops over rows, batches, random values and the state of a training step. */
import * as ops from '../../../src/ops/index.ts';
import type { DType } from '../../../src/core/dtype.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { between, floats, integers, ints, lengths, list, opCase, scalar, shapesOf, shuffled } from './case.ts';
import type { InputSpec, OpCase } from './case.ts';

const tables: readonly (readonly [Shape, Shape])[] = [
  [[5, 3], [4]],
  [[5, 3], []],
  [[7], [3]], // rows of one number
  [
    [5, 4],
    [2, 3],
  ],
  [[3, 2, 5], [4]],
  [[101, 33], [65]],
  [[10, 130], [17]],
  [[0, 3], [4]],
  [[5, 3], [0]],
  [[300, 1], [1031]],
];

/** Some indices are out of range, on both sides. */
const someRows = ([rows]: Shape): InputSpec['values'] => integers(-1, rows!);

const gatherCases = tables.flatMap(([table, indices]) => [
  opCase(ops.gather, shapesOf(table, indices), {
    inputs: [floats(table), ints(indices, someRows(table))],
    node: (x, at) => ops.gather(x!, at!),
    differentiable: [0],
    smooth: true,
  }),
  opCase(ops.scatterAdd, `${shapesOf([...indices, ...table.slice(1)], indices)} to ${table[0]} rows`, {
    inputs: [floats([...indices, ...table.slice(1)]), ints(indices, someRows(table))],
    node: (x, at) => ops.scatterAdd(x!, at!, table[0]!),
    tolerance: { terms: 2 * indices.reduce((size, dimension) => size * dimension, 1) },
    differentiable: [0],
    smooth: true,
  }),
]);

const data = (dtype: DType, shape: Shape): InputSpec => ({
  shape,
  dtype,
  values:
    dtype === 'float32' ? between(-2, 2) : integers(dtype === 'uint8' ? 0 : -1000, dtype === 'uint8' ? 255 : 1000),
});

/** Data, batch, cursor. */
const batches: readonly (readonly [Shape, number, number])[] = [
  [[10, 3], 4, 0],
  [[10, 3], 4, 3], // not a multiple of the batch size
  [[10, 3], 4, 8], // the last batch is partial
  [[10, 3], 4, 20], // past the end
  [[10], 3, 1],
  [[17, 2, 3], 5, 10],
  [[101, 5], 17, 17],
  [[9, 784], 4, 4],
  [[3, 4], 8, 0],
];

const batchCases = batches.flatMap(([shape, batch, cursor]) =>
  (['float32', 'int32', 'uint8'] as const).flatMap((dtype) => [
    opCase(ops.gatherBatch, `${dtype} ${shapesOf(shape)}, ${batch} at ${cursor}`, {
      inputs: [data(dtype, shape), scalar(cursor), ints([shape[0]!], shuffled)],
      node: (x, at, order) => ops.gatherBatch(x!, order!, at!, { batch }),
    }),
    opCase(ops.gatherBatch, `${dtype} ${shapesOf(shape)}, ${batch} at ${cursor}, in order, scaled`, {
      inputs: [data(dtype, shape), scalar(cursor)],
      node: (x, at) => ops.gatherBatch(x!, null, at!, { batch, scale: 1 / 255, offset: -0.5 }),
      tolerance: { ulps: 1, absolute: 2e-7 },
    }),
  ]),
);

const storeCases = batches.flatMap(([shape, batch, cursor]) =>
  (['float32', 'int32'] as const).map((dtype) =>
    opCase(ops.storeRows, `${dtype} ${shapesOf(shape)}, ${batch} at ${cursor}`, {
      inputs: [data(dtype, shape), scalar(cursor), data(dtype, [batch, ...shape.slice(1)])],
      node: (target, at, rows) => ops.storeRows(target!, at!, rows!),
    }),
  ),
);

const key = { key0: 0xdeadbeef, key1: 0x12345678 };
const draws: readonly (readonly [Shape, number])[] = [
  ...lengths.map((length) => [[length], 0] as const),
  [[], 3],
  [[3, 5], 1],
  [[33, 65], 7],
  [[101], 2 ** 31 - 1],
];

const randomCases = draws.flatMap(([shape, step]) => [
  opCase(ops.randomUniform, `${shapesOf(shape)} of step ${step}`, {
    inputs: [scalar(step)],
    node: (at) => ops.randomUniform(shape, key, at!),
  }),
  ...[0, 0.1, 0.5].map((rate) =>
    opCase(ops.dropoutMask, `${shapesOf(shape)} of step ${step} at ${rate}`, {
      inputs: [scalar(step)],
      node: (at) => ops.dropoutMask(shape, { ...key, rate }, at!),
      tolerance: { ulps: 1 },
      webgpuTolerance: { ulps: 2.5 },
    }),
  ),
]);

/** Pairs of float32 numbers whose sum does not fit in a float32: the larger one first, last, and with opposite signs. */
const addends = [1, -1].flatMap((sign) =>
  [
    [2 ** 24, 1],
    [1, 2 ** 24],
    [2 ** 24 - 1, -0.25],
    [-7.5, 12_345_679],
    [1000, Math.fround(0.1)],
    [3, 5],
  ].map(([x, y]) => [sign * x!, sign * y!] as const),
);

export const dataCases: readonly OpCase[] = [
  ...gatherCases,
  opCase(ops.gather, 'from int32', {
    inputs: [ints([5, 3], integers(-(2 ** 31), 2 ** 31 - 1)), ints([7], integers(-1, 5))],
    node: (x, at) => ops.gather(x!, at!),
  }),
  opCase(ops.scatterAdd, 'all to one row', {
    inputs: [floats([101, 3]), ints([101], list(2))],
    node: (x, at) => ops.scatterAdd(x!, at!, 4),
    tolerance: { terms: 202 },
    differentiable: [0],
  }),
  ...batchCases,
  opCase(ops.sumError, 'of sums that rounding changes, of either sign', {
    inputs: [
      floats([12], () => addends.map(([x, y]) => Math.fround(x + y))),
      floats([12], () => addends.map(([x]) => x)),
      floats([12], () => addends.map(([, y]) => y)),
    ],
    node: (total, x, y) => ops.sumError(total!, x!, y!),
  }),
  ...storeCases,
  ...randomCases,
  opCase(ops.firstNonFinite, 'of five values', {
    inputs: [
      ints([5], list(-1, -1, -1, 3, -1)),
      scalar(7),
      floats([17]),
      floats([5, 3], list(1, 2, NaN, 4, 5)),
      floats([101], (count) => Array.from({ length: count }, (_, index) => (index === 100 ? -Infinity : 3e38))),
      floats([1], list(Infinity)),
      floats([0]),
    ],
    node: (flags, step, ...values) => ops.firstNonFinite(flags!, step!, ...values),
    nonFinite: true,
  }),
  ...lengths.map((length) =>
    opCase(ops.firstNonFinite, `of one value [${length}]`, {
      inputs: [ints([1], list(-1)), scalar(2), floats([length])],
      node: (flags, step, x) => ops.firstNonFinite(flags!, step!, x!),
    }),
  ),
  opCase(ops.increment, 'by 1', { inputs: [scalar(41)], node: (x) => ops.increment(x!) }),
  opCase(ops.increment, 'by −3', { inputs: [ints([1], list(2 ** 31 - 1))], node: (x) => ops.increment(x!, -3) }),
];
