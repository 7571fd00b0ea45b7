/** Cases of the matrix product: tiles and their edges, all four ways of transposing, all kinds of batches. */
import * as ops from '../../../src/ops/index.ts';
import type { MatmulOptions } from '../../../src/ops/matmul.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { floats, list, opCase, shapesOf } from './case.ts';
import type { OpCase } from './case.ts';

const ways: readonly MatmulOptions[] = [
  {},
  { transposeA: true },
  { transposeB: true },
  { transposeA: true, transposeB: true },
];
const describeWay = ({ transposeA = false, transposeB = false }: MatmulOptions): string =>
  `${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`;
const flip = (shape: Shape, transposed = false): Shape =>
  transposed ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;

function product(a: Shape, b: Shape, way: MatmulOptions = {}): OpCase {
  const [shapeA, shapeB] = [flip(a, way.transposeA), flip(b, way.transposeB)];
  return opCase(ops.matmul, `${shapesOf(shapeA, shapeB)}${describeWay(way)}`, {
    inputs: [floats(shapeA), floats(shapeB)],
    node: (x, y) => ops.matmul(x!, y!, way),
    tolerance: { terms: 2 * a.at(-1)! },
    differentiable: [0, 1],
    smooth: true,
  });
}

/** m, k, n. */
const sizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [3, 4, 5],
  [4, 4, 4],
  [17, 5, 3],
  [1, 101, 4],
  [5, 17, 1],
  [1, 17, 101],
  [6, 3, 8],
  [7, 5, 9],
  [33, 65, 17],
  [70, 130, 101],
  [65, 300, 33],
  [128, 64, 128],
  [100, 260, 520],
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
];

const batches: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3, 4],
    [4, 5],
  ], // rows of one product
  [
    [2, 3, 5, 4],
    [4, 3],
  ],
  [
    [3, 4],
    [2, 4, 5],
  ], // one matrix against many
  [
    [2, 3, 4],
    [2, 4, 5],
  ],
  [
    [1, 3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 4],
    [1, 4, 5],
  ],
  [
    [2, 1, 3, 4],
    [3, 4, 5],
  ], // both stretched
  [
    [2, 3, 3, 4],
    [3, 4, 5],
  ],
  [
    [3, 17, 5],
    [3, 5, 33],
  ],
  [
    [1, 2, 3],
    [3, 4],
  ],
  [
    [0, 3, 4],
    [4, 5],
  ],
  [
    [2, 3, 4],
    [0, 1, 4, 5],
  ],
];

/** What the compiler moves into the product: sizes off the tiles, one row, several blocks of rows. */
const epilogues = [ops.relu, ops.sigmoid, ops.tanh].flatMap((activation) =>
  [1, 5, 33].flatMap((m) =>
    [6, 17].map((n) =>
      opCase(ops.matmul, `${shapesOf([m, 9], [9, n])} with bias and ${activation.op.name}`, {
        inputs: [floats([m, 9]), floats([9, n]), floats([n])],
        node: (x, y, bias) => activation(ops.add(ops.matmul(x!, y!), bias!)),
        tolerance: { absolute: 2e-5 },
      }),
    ),
  ),
);

export const productCases: readonly OpCase[] = [
  ...epilogues,
  ...sizes.flatMap(([m, k, n]) => ways.map((way) => product([m, k], [k, n], way))),
  ...batches.flatMap(([a, b]) => ways.map((way) => product(a, b, way))),
  opCase(ops.matmul, 'with NaN and infinity in it', {
    inputs: [floats([5, 3], list(1, 2, NaN, 4, Infinity, 6, 7)), floats([3, 6], list(1, 2, 3, -4, 5))],
    node: (x, y) => ops.matmul(x!, y!),
    tolerance: { ulps: 8 },
    nonFinite: true,
  }),
];
