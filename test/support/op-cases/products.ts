/** Cases of the matrix product: tiles and their edges, all four transpositions, all kinds of batches. */
import * as ops from '../../../src/ops/index.ts';
import type { Unary } from '../../../src/ops/define.ts';
import type { MatmulOptions } from '../../../src/ops/product/matmul.ts';
import type { Shape } from '../../../src/core/shape.ts';
import type { Node } from '../../../src/graph/node.ts';
import { between, floats, list, opCase, shapesOf } from './case.ts';
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
  [1, 70, 3],
  [3, 70, 1],
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
  ], // both broadcast
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

/** The gradient rule of the activation at y, with a product as the upstream gradient. */
function gradientOf(activation: Unary, upstream: Node, y: Node): Node {
  const output = activation(y);
  return activation.op.gradient!({ inputs: [y], attributes: {}, output, upstream })[0]!;
}

/** Nodes that follow a product and that the compiler fuses into it. Operands have one row (r) or the full shape (y). */
const followers: Readonly<Record<string, (product: Node, row: Node, whole: Node) => Node>> = {
  'bias and relu': (x, r) => ops.relu(ops.add(x, r)),
  'bias and sigmoid': (x, r) => ops.sigmoid(ops.add(x, r)),
  'bias and tanh': (x, r) => ops.tanh(ops.add(x, r)),
  gelu: (x) => ops.gelu(x),
  softplus: (x) => ops.softplus(x), // its WGSL code calls relu, as the shaders may
  residual: (x, _, y) => ops.add(x, y),
  'bias and residual': (x, r, y) => ops.add(y, ops.add(x, r)),
  'residual, bias and relu': (x, r, y) => ops.relu(ops.add(r, ops.add(x, y))),
  'derivative of relu': (x, _, y) => gradientOf(ops.relu, x, y),
  'derivative of sigmoid': (x, _, y) => gradientOf(ops.sigmoid, x, y),
  'derivative of tanh': (x, _, y) => gradientOf(ops.tanh, x, y),
};

/** Sizes that are not multiples of tiles, one row, one column, several blocks of rows, each GPU tile, batches. */
const followed: readonly (readonly [a: Shape, b: Shape, way?: MatmulOptions])[] = [
  [
    [1, 9],
    [9, 6],
  ],
  [
    [1, 9],
    [9, 41],
  ],
  [
    [5, 9],
    [9, 17],
  ],
  [
    [33, 9],
    [9, 6],
  ],
  [
    [33, 9],
    [9, 17],
  ],
  [
    [17, 9],
    [9, 1],
  ],
  [[33, 70], [70, 37], { transposeA: true }],
  [[5, 70], [70, 36], { transposeB: true }],
  [
    [101, 300],
    [300, 24],
  ],
  [
    [3, 6, 5],
    [3, 5, 9],
  ],
];

/** Each epilogue needs a separate shader, so only three are tested with all sizes. */
const [onlyRow, onlyWhole, both] = ['bias and tanh', 'derivative of sigmoid', 'bias and residual'];

const epilogues = Object.entries(followers).flatMap(([name, follow], place) =>
  followed
    .filter((_, index) => [onlyRow, onlyWhole, both].includes(name) || index % 5 === place % 5)
    .map(([a, b, way = {}]) => {
      const small = between(-0.5, 0.5);
      const [shapeA, shapeB] = [flip(a, way.transposeA), flip(b, way.transposeB)];
      const whole = [...a.slice(0, -1), b.at(-1)!];
      return opCase(ops.matmul, `${shapesOf(shapeA, shapeB)}${describeWay(way)} with ${name}`, {
        inputs: [floats(shapeA, small), floats(shapeB, small), floats(whole.slice(-1)), floats(whole)],
        node: (x, y, row, other) => follow(ops.matmul(x!, y!, way), row!, other!),
        tolerance: { absolute: 2e-5 },
      });
    }),
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
