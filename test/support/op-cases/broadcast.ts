/** Cases of every kind of broadcast, with ops that are not commutative, and of the broadcast copy. */
import * as ops from '../../../src/ops/index.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { between, floats, list, opCase, shapesOf } from './case.ts';
import type { OpCase } from './case.ts';

const pairs: readonly (readonly [Shape, Shape])[] = [
  [[], []], // scalars
  [[], [5]],
  [[5], []],
  [[1], [101]],
  [[17], [1]],
  [[3, 4], [4]], // a matrix and a row
  [[5], [3, 5]],
  [[33, 65], [65]],
  [
    [3, 4],
    [3, 1],
  ], // a matrix and a column
  [
    [33, 1],
    [33, 65],
  ],
  [
    [3, 1],
    [1, 5],
  ], // both broadcast
  [[4], [3, 1]],
  [
    [2, 3, 4],
    [3, 4],
  ],
  [
    [2, 3, 4],
    [2, 1, 1],
  ], // leading axes
  [
    [2, 3, 4],
    [1, 3, 1],
  ], // the middle axis
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[2, 3, 4, 5], [5]],
  [
    [2, 3, 4, 5],
    [3, 1, 1],
  ],
  [
    [2, 3, 4, 5],
    [2, 1, 4, 1],
  ],
  [
    [1, 3, 1, 5],
    [2, 1, 4, 1],
  ],
  [
    [2, 1, 2, 1, 2],
    [1, 3, 1, 3, 1],
  ],
  [[0], []], // empty, broadcast and not
  [[0, 3], [3]],
  [
    [1, 3],
    [0, 1],
  ],
  [[1], [0]],
];

const stretches: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[], [5]],
  [[1], [101]],
  [[3], [4, 3]],
  [
    [3, 1],
    [3, 4],
  ],
  [
    [3, 1, 2],
    [3, 17, 2],
  ],
  [
    [1, 1, 5],
    [3, 4, 5],
  ],
  [
    [2, 1, 3, 1],
    [2, 4, 3, 5],
  ],
  [[65], [33, 65]],
  [[1], [0]],
  [
    [1, 2, 1, 2, 1, 2, 1, 2],
    [2, 2, 1, 2, 3, 2, 1, 2],
  ],
];

export const broadcastCases: readonly OpCase[] = [
  ...pairs.flatMap(([a, b]) => [
    opCase(ops.sub, shapesOf(a, b), {
      inputs: [floats(a), floats(b)],
      node: (x, y) => ops.sub(x!, y!),
      tolerance: { ulps: 1 },
      differentiable: [0, 1],
    }),
    opCase(ops.div, shapesOf(a, b), {
      inputs: [floats(a), floats(b, between(0.5, 2))],
      node: (x, y) => ops.div(x!, y!),
      tolerance: { ulps: 1 },
      webgpuTolerance: { ulps: 2.5 },
      differentiable: [0, 1],
      smooth: true,
    }),
    opCase(ops.select, shapesOf(a, b, [1]), {
      inputs: [floats(a, list(0, 1, 0)), floats(b), floats([1])],
      node: (condition, x, y) => ops.select(condition!, x!, y!),
      differentiable: [1, 2],
    }),
  ]),
  opCase(ops.mul, 'of a tensor with itself', {
    inputs: [floats([17])],
    node: (x) => ops.mul(x!, x!),
    tolerance: { ulps: 1 },
    differentiable: [0],
    smooth: true,
  }),
  opCase(ops.add, 'of a tensor and a number', {
    inputs: [floats([17])],
    node: (x) => ops.add(2.5, x!),
    tolerance: { ulps: 1 },
    differentiable: [0],
  }),
  ...stretches.map(([from, to]) =>
    opCase(ops.broadcastTo, `${shapesOf(from)} to ${shapesOf(to)}`, {
      inputs: [floats(from)],
      node: (x) => ops.broadcastTo(x!, to),
      differentiable: [0],
      smooth: true,
    }),
  ),
];
