/** Cases of reductions, argMax and softmax: first, middle, last and non-adjacent axes; short and long rows. */
import * as ops from '../../../src/ops/index.ts';
import { normalizeAxes, sizeOf } from '../../../src/core/shape.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { between, distinct, floats, lengths, list, opCase, shapesOf } from './case.ts';
import type { OpCase, Tolerance } from './case.ts';

type Axes = number | readonly number[] | undefined;

const places: readonly (readonly [Shape, Axes])[] = [
  [[], undefined],
  ...lengths.map((length) => [[length], undefined] as const),
  [[3, 4], 0],
  [[3, 4], -1],
  [
    [3, 4],
    [0, 1],
  ],
  [[3, 4], []],
  [[33, 65], 0],
  [[33, 65], 1],
  [[70, 130], 0],
  [[70, 130], 1],
  [[300, 5], 0],
  [[5, 300], 1],
  [[2, 3, 4], 1],
  [
    [2, 3, 4],
    [0, 1],
  ],
  [
    [2, 3, 4],
    [1, 2],
  ],
  [
    [2, 3, 4],
    [0, 2],
  ], // others between them
  [
    [2, 1, 3],
    [0, 2],
  ], // only an axis of size 1 between them
  [[5, 17, 9], 1],
  [
    [2, 3, 4, 5],
    [1, 2],
  ],
  [
    [2, 3, 4, 5],
    [0, 2],
  ],
  [
    [2, 1, 3, 1, 4],
    [0, 4],
  ],
  [[0, 3], 1],
];

function tolerance(kind: string, terms: number): Tolerance {
  if (kind === 'max' || kind === 'min') return {};
  return { terms: 2 * terms, ulps: 1 };
}

function reduceCases(fn: typeof ops.sum): OpCase[] {
  const { name } = fn.op;
  const extreme = name === 'max' || name === 'min';
  return places
    .filter(([shape]) => name.startsWith('sum') || sizeOf(shape) > 0 || shape.length > 1)
    .flatMap(([shape, axes]) => {
      const terms = sizeOf(normalizeAxes(name, axes, shape.length).map((axis) => shape[axis]!));
      return [false, true].map((keepDims) =>
        opCase(fn, `${shapesOf(shape)} over ${JSON.stringify(axes ?? 'all')}${keepDims ? ', kept' : ''}`, {
          inputs: [floats(shape, extreme ? distinct : between(-2, 2))],
          node: (x) => fn(x!, axes, keepDims),
          tolerance: tolerance(name, terms),
          differentiable: [0],
          smooth: !extreme,
        }),
      );
    });
}

const rows: readonly Shape[] = [
  [1],
  [3],
  [101],
  [1031],
  [3, 4],
  [5, 5],
  [17, 3],
  [4, 10],
  [33, 65],
  [70, 130],
  [3, 1031],
  [2, 3, 17],
  [2, 3, 4, 5],
  [0, 4],
  [3, 1],
];
const manyLogits = list(1e4, -1e4, 0, 9999, 1, -1, 1e4, 0.5, -0.5, 88, -88, 100);

const rowOps = [
  { fn: ops.softmax, tolerance: { ulps: 16 }, webgpuTolerance: { ulps: 64 } },
  { fn: ops.logSoftmax, tolerance: { ulps: 4, absolute: 1e-6 }, webgpuTolerance: { ulps: 8, absolute: 4e-6 } },
] as const;

export const reductionCases: readonly OpCase[] = [
  ...[ops.sum, ops.mean, ops.max, ops.min, ops.sumOfSquares].flatMap(reduceCases),
  opCase(ops.sum, 'of nothing', { inputs: [floats([0, 3])], node: (x) => ops.sum(x!, 0) }),
  opCase(ops.sumOfSquares, 'of nothing', { inputs: [floats([3, 0])], node: (x) => ops.sumOfSquares(x!, 1) }),
  opCase(ops.max, 'with NaN and infinity', {
    inputs: [floats([3, 5], list(1, -Infinity, 3, NaN, 2, -3, Infinity, 0))],
    node: (x) => ops.max(x!, 1),
    nonFinite: true,
  }),
  opCase(ops.min, 'with NaN and infinity', {
    inputs: [floats([5, 3], list(1, -Infinity, 3, NaN, 2, -3, Infinity, 0))],
    node: (x) => ops.min(x!, 0),
    nonFinite: true,
  }),
  opCase(ops.max, 'of negative values', { inputs: [floats([33], between(-9, -1))], node: (x) => ops.max(x!) }),
  ...([...rows, [0, 3, 2], [9, 300]] as Shape[]).flatMap((shape) =>
    shape.flatMap((dimension, axis) =>
      dimension === 0
        ? []
        : [
            opCase(ops.argMax, `${shapesOf(shape)} along ${axis}`, {
              inputs: [floats(shape, distinct)],
              node: (x) => ops.argMax(x!, axis),
            }),
          ],
    ),
  ),
  opCase(ops.argMax, 'of equals: the first', {
    inputs: [floats([4, 17], list(0, 1, 2, 2, 1, 2, 0))],
    node: (x) => ops.argMax(x!),
  }),
  opCase(ops.argMax, 'with NaN: the first', {
    inputs: [floats([3, 5], list(1, NaN, 3, NaN, Infinity, 2, -Infinity))],
    node: (x) => ops.argMax(x!),
    nonFinite: true,
  }),
  ...rowOps.flatMap(({ fn, ...bounds }) => [
    ...rows.map((shape) =>
      opCase(fn, shapesOf(shape), {
        ...bounds,
        inputs: [floats(shape, between(-5, 5))],
        node: (x) => fn(x!),
        differentiable: [0],
        smooth: true,
      }),
    ),
    opCase(fn, 'of logits up to ±10000', { ...bounds, inputs: [floats([6, 4], manyLogits)], node: (x) => fn(x!) }),
    opCase(fn, 'with infinite logits', {
      ...bounds,
      inputs: [
        floats([5, 3], list(0, -Infinity, 1, -Infinity, -Infinity, -Infinity, 1, Infinity, 0, NaN, 1, 2, 1, 2, 3)),
      ],
      node: (x) => fn(x!),
      nonFinite: true,
    }),
  ]),
];
