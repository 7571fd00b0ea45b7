/** Cases of ops that move elements without computing, up to rank 8. */
import * as ops from '../../../src/ops/index.ts';
import type { Shape } from '../../../src/core/shape.ts';
import type { Padding } from '../../../src/ops/shape/slice.ts';
import { floats, integers, ints, lengths, opCase, shapesOf } from './case.ts';
import type { OpCase } from './case.ts';

const exact = { differentiable: [0], smooth: true };
const text = (values: readonly unknown[]): string => JSON.stringify(values);

const permutations: readonly (readonly [Shape, readonly number[]])[] = [
  [
    [3, 4],
    [1, 0],
  ],
  [
    [4, 4],
    [1, 0],
  ],
  [
    [1, 5],
    [1, 0],
  ],
  [
    [33, 65],
    [1, 0],
  ],
  [
    [70, 130],
    [1, 0],
  ],
  [
    [101, 17],
    [1, 0],
  ],
  [
    [0, 3],
    [1, 0],
  ],
  [
    [2, 3, 4],
    [0, 2, 1],
  ],
  [
    [2, 3, 4],
    [2, 1, 0],
  ],
  [
    [2, 3, 4],
    [1, 2, 0],
  ],
  [
    [2, 3, 4],
    [1, 0, 2],
  ],
  [
    [5, 17, 9],
    [2, 0, 1],
  ],
  [
    [2, 3, 4, 5],
    [0, 2, 1, 3],
  ],
  [
    [2, 3, 4, 5],
    [3, 2, 1, 0],
  ],
  [
    [2, 1, 3, 1, 2],
    [4, 3, 2, 1, 0],
  ],
  [
    [2, 1, 2, 3, 1, 2, 2, 3],
    [7, 5, 3, 1, 0, 2, 4, 6],
  ],
];

const reversals: readonly (readonly [Shape, readonly number[]])[] = [
  [[1], [0]],
  [[5], [0]],
  [[0, 3], [0]],
  [[3, 4], [1]],
  [
    [3, 4],
    [0, 1],
  ],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [[7, 33], [0]],
  [[4, 1, 130], [0]],
];

const slices: readonly (readonly [Shape, readonly number[], Shape])[] = [
  [[101], [0], [101]],
  [[101], [7], [17]],
  [[1031], [1], [1030]],
  [[5], [5], [0]],
  [
    [5, 7],
    [1, 2],
    [3, 4],
  ],
  [
    [33, 65],
    [16, 31],
    [17, 33],
  ],
  [
    [5, 7],
    [2, 0],
    [1, 7],
  ],
  [
    [5, 7],
    [0, 3],
    [5, 1],
  ],
  [
    [3, 4, 5],
    [1, 0, 2],
    [2, 4, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 1, 0, 1],
    [2, 2, 4, 3],
  ],
  [
    [3, 2, 3, 2, 3, 2, 3, 2],
    [1, 0, 1, 0, 1, 0, 1, 1],
    [2, 2, 1, 2, 2, 1, 2, 1],
  ],
];

const paddings: readonly (readonly [Shape, Padding, number])[] = [
  [[], [], 0],
  [[5], [[2, 3]], 0],
  [[101], [[0, 1]], 0.5],
  [[0], [[2, 2]], -1],
  [
    [3, 4],
    [
      [1, 0],
      [0, 2],
    ],
    0,
  ],
  [
    [33, 65],
    [
      [1, 2],
      [3, 4],
    ],
    2,
  ],
  [
    [2, 3, 4],
    [
      [0, 0],
      [1, 1],
      [2, 0],
    ],
    0,
  ],
  [
    [2, 3, 2, 3],
    [
      [1, 0],
      [0, 1],
      [1, 1],
      [0, 0],
    ],
    0,
  ],
];

const joins: readonly (readonly [readonly Shape[], number])[] = [
  [[[3], [4], [5]], 0],
  [[[101], [0], [17]], 0],
  [
    [
      [2, 3],
      [2, 5],
    ],
    1,
  ],
  [
    [
      [2, 3],
      [4, 3],
      [1, 3],
    ],
    0,
  ],
  [
    [
      [33, 17],
      [33, 65],
    ],
    -1,
  ],
  [
    [
      [2, 3, 4],
      [2, 1, 4],
      [2, 5, 4],
    ],
    1,
  ],
  [
    [
      [2, 3, 4, 1],
      [2, 3, 4, 5],
    ],
    3,
  ],
];

const reshapes: readonly (readonly [Shape, Shape])[] = [
  [[], [1]],
  [[1, 1], []],
  [[12], [3, 4]],
  [[3, 4], [-1]],
  [
    [2, 3, 4],
    [4, -1, 2],
  ],
  [
    [0, 3],
    [3, 0],
  ],
  [
    [2, 2, 2, 2],
    [2, 2, 1, 2, 1, 1, 2, 1],
  ],
];

export const shapeCases: readonly OpCase[] = [
  ...permutations.map(([shape, permutation]) =>
    opCase(ops.transpose, `${shapesOf(shape)} by ${text(permutation)}`, {
      ...exact,
      inputs: [floats(shape)],
      node: (x) => ops.transpose(x!, permutation),
    }),
  ),
  opCase(ops.transpose, 'of int32', {
    inputs: [ints([5, 7], integers(-(2 ** 31), 2 ** 31 - 1))],
    node: (x) => ops.transpose(x!),
  }),
  ...reversals.map(([shape, axes]) =>
    opCase(ops.reverse, `${shapesOf(shape)} along ${text(axes)}`, {
      inputs: [floats(shape)],
      node: (x) => ops.reverse(x!, axes),
      differentiable: [0],
      smooth: true,
    }),
  ),
  opCase(ops.reverse, 'of int32', {
    inputs: [ints([3, 4], integers(-9, 9))],
    node: (x) => ops.reverse(x!),
  }),
  ...slices.map(([shape, begin, size]) =>
    opCase(ops.slice, `${shapesOf(shape)} at ${text(begin)} of ${shapesOf(size)}`, {
      ...exact,
      inputs: [floats(shape)],
      node: (x) => ops.slice(x!, begin, size),
    }),
  ),
  opCase(ops.slice, 'of int32, to the end', {
    inputs: [ints([5, 7], integers(-(2 ** 31), 2 ** 31 - 1))],
    node: (x) => ops.slice(x!, [1, 2], [-1, 3]),
  }),
  ...paddings.map(([shape, padding, value]) =>
    opCase(ops.pad, `${shapesOf(shape)} by ${text(padding)} with ${value}`, {
      ...exact,
      inputs: [floats(shape)],
      node: (x) => ops.pad(x!, padding, value),
    }),
  ),
  opCase(ops.pad, 'of int32', {
    inputs: [ints([3, 5], integers(-9, 9))],
    node: (x) =>
      ops.pad(
        x!,
        [
          [1, 2],
          [0, 3],
        ],
        -7,
      ),
  }),
  ...joins.map(([shapes, axis]) =>
    opCase(ops.concatenate, `${shapesOf(...shapes)} along ${axis}`, {
      inputs: shapes.map((shape) => floats(shape)),
      node: (...xs) => ops.concatenate(xs, axis),
      differentiable: shapes.map((_, index) => index),
      smooth: true,
    }),
  ),
  opCase(ops.concatenate, 'of int32', {
    inputs: [ints([3], integers(-9, 9)), ints([2], integers(-9, 9))],
    node: (x, y) => ops.concatenate([x!, y!], 0),
  }),
  opCase(ops.concatenate, 'of a tensor with itself', {
    ...exact,
    inputs: [floats([3, 4])],
    node: (x) => ops.concatenate([x!, x!], 1),
  }),
  opCase(ops.concatenate, 'as a stack', {
    inputs: [floats([3, 4]), floats([3, 4])],
    node: (x, y) => ops.stack([x!, y!], 1),
    differentiable: [0, 1],
  }),
  ...reshapes.map(([from, to]) =>
    opCase(ops.reshape, `${shapesOf(from)} to ${shapesOf(to)}`, {
      ...exact,
      inputs: [floats(from)],
      node: (x) => ops.reshape(x!, to),
    }),
  ),
  opCase(ops.stopGradient, '[5]', { inputs: [floats([5])], node: (x) => ops.stopGradient(x!) }),
  ...lengths.map((length) =>
    opCase(ops.copy, `[${length}]`, { ...exact, inputs: [floats([length])], node: (x) => ops.copy(x!) }),
  ),
];
