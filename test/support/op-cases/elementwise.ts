/** Cases of element-wise ops: one line per op, from which all lengths and the special values are generated. */
import * as ops from '../../../src/ops/index.ts';
import type { Node } from '../../../src/graph/node.ts';
import { between, floats, integers, ints, lengths, list, opCase } from './case.ts';
import type { OpCase, Tolerance, Values } from './case.ts';

interface Line {
  readonly fn: { readonly op: unknown };
  readonly node: (...inputs: Node[]) => Node;
  /** For each input. */
  readonly domain: readonly Values[];
  readonly tolerance?: Tolerance;
  readonly webgpuTolerance?: Tolerance;
  /** 0: no gradient; 1: differentiable in the domain; 2: smooth. */
  readonly derivatives: 0 | 1 | 2;
  readonly differentiable?: readonly number[];
}

interface Bounds {
  readonly ulps?: number;
  /** The accuracy that WGSL, or the helpers of the shader skeleton, guarantee. */
  readonly webgpu?: Tolerance;
}

type Unary = ((x: Node) => Node) & { readonly op: unknown };
type Binary = ((x: Node, y: Node) => Node) & { readonly op: unknown };

const unary = (
  fn: Unary,
  domain: Values,
  derivatives: 0 | 1 | 2,
  { ulps = 1, webgpu = { ulps } }: Bounds = {},
): Line => ({
  fn,
  node: (x) => fn(x!),
  domain: [domain],
  derivatives,
  tolerance: { ulps },
  webgpuTolerance: webgpu,
});
const binary = (fn: Binary, x: Values, y: Values, derivatives: 0 | 1 | 2, bounds: Bounds = {}): Line => ({
  ...unary(fn as never, x, derivatives, bounds),
  node: (a, b) => fn(a!, b!),
  domain: [x, y],
});

const any = between(-3, 3);
const awayFromZero = between(-3, 3, [0]);
const positive = between(0.1, 4);
const whole = integers(-2, 2);
const coin = list(0, 1, 1, 0, 2, 0, -1);
/** Helpers that use exp and log inherit their WGSL error bounds: 3 + 2·|x| ULP and 2⁻²¹. */
const helper: Bounds = { ulps: 4, webgpu: { ulps: 24, absolute: 2 ** -21 } };

const lines: readonly Line[] = [
  unary(ops.neg, any, 2),
  unary(ops.abs, awayFromZero, 1),
  unary(ops.square, any, 2),
  unary(ops.reciprocal, positive, 2, { webgpu: { ulps: 2.5 } }),
  unary(ops.sign, any, 0),
  unary(ops.step, any, 0),
  unary(ops.floor, any, 0),
  unary(ops.ceil, any, 0),
  unary(ops.round, any, 0),
  unary(ops.logicalNot, coin, 0),
  unary(ops.exp, between(-10, 10), 2, { ulps: 4, webgpu: { ulps: 23 } }),
  unary(ops.expm1, between(-2, 2), 2, helper),
  unary(ops.log, positive, 2, { ulps: 4, webgpu: { ulps: 3, absolute: 2 ** -21 } }),
  unary(ops.log1p, between(-0.9, 9), 2, helper),
  unary(ops.sqrt, positive, 2, { webgpu: { ulps: 5 } }),
  unary(ops.rsqrt, positive, 2, { ulps: 2, webgpu: { ulps: 2 } }),
  unary(ops.sin, any, 2, { ulps: 4, webgpu: { absolute: 2 ** -11 } }),
  unary(ops.cos, any, 2, { ulps: 4, webgpu: { absolute: 2 ** -11 } }),
  unary(ops.erf, any, 2, helper),
  unary(ops.relu, awayFromZero, 1),
  unary(ops.relu6, between(-4, 10, [0, 6]), 1),
  unary(ops.sigmoid, any, 2, helper),
  unary(ops.tanh, any, 2, helper),
  unary(ops.softplus, any, 2, helper),
  unary(ops.gelu, any, 2, helper),
  unary(ops.silu, any, 2, helper),
  { ...unary(ops.leakyRelu as never, awayFromZero, 1, { ulps: 2 }), node: (x) => ops.leakyRelu(x!, { alpha: 0.2 }) },
  { ...unary(ops.elu as never, awayFromZero, 1, helper), node: (x) => ops.elu(x!, { alpha: 1.25 }) },
  {
    ...unary(ops.clip as never, between(-3, 3, [-1, 0.5]), 1),
    node: (x) => ops.clip(x!, { min: -1, max: 0.5 }),
  },
  binary(ops.add, any, any, 2),
  binary(ops.sub, any, any, 2),
  binary(ops.mul, any, any, 2),
  binary(ops.div, any, positive, 2, { webgpu: { ulps: 2.5 } }),
  binary(ops.pow, positive, any, 2, { ulps: 4, webgpu: { ulps: 32 } }),
  binary(ops.mod, between(-9, 9), between(1.5, 3), 1, { webgpu: { absolute: 1e-5 } }),
  binary(ops.maximum, any, any, 1),
  binary(ops.minimum, any, any, 1),
  binary(ops.equal, whole, whole, 0),
  binary(ops.notEqual, whole, whole, 0),
  binary(ops.less, whole, whole, 0),
  binary(ops.lessEqual, whole, whole, 0),
  binary(ops.greater, whole, whole, 0),
  binary(ops.greaterEqual, whole, whole, 0),
  binary(ops.logicalAnd, coin, whole, 0),
  binary(ops.logicalOr, coin, whole, 0),
  {
    fn: ops.select,
    node: (condition, x, y) => ops.select(condition!, x!, y!),
    domain: [coin, any, any],
    derivatives: 2,
    differentiable: [1, 2],
  },
];

/** ±0, ±∞, NaN, rounding ties, and values with intermediate overflow or underflow. */
const special = [
  0,
  -0,
  Infinity,
  -Infinity,
  NaN,
  0.5,
  1.5,
  2.5,
  -0.5,
  -1.5,
  1,
  -1,
  1e4,
  -1e4,
  80,
  -80,
  3e38,
  -3e38,
  1e-30,
];

function casesOf(line: Line): OpCase[] {
  const { fn, node, domain, derivatives, tolerance = {}, webgpuTolerance = tolerance } = line;
  const bounds = { node, tolerance, webgpuTolerance };
  const all = domain.map((_, index) => index);
  const differentiable = derivatives === 0 ? [] : (line.differentiable ?? all);
  const sized = lengths.map((length) => {
    const inputs = domain.map((values) => floats([length], values));
    return opCase(fn, `[${length}]`, { ...bounds, inputs, differentiable, smooth: derivatives === 2 });
  });
  // All pairs of special values, for two inputs; the condition of select takes all of them too.
  const grid = domain.map((_, index) =>
    list(...special.flatMap((a) => special.map((b) => (index === domain.length - 1 ? a : b)))),
  );
  const inputs = grid.map((values) => floats([special.length ** 2], values));
  return [...sized, opCase(fn, 'special values', { ...bounds, inputs, nonFinite: true })];
}

const large = list(1e4, -1e4, 100, -100, 30, -30, 16, -16, 9, -9, 5, -5);

export const elementwiseCases: readonly OpCase[] = [
  ...lines.flatMap(casesOf),
  ...[ops.sigmoid, ops.tanh, ops.softplus, ops.gelu, ops.silu, ops.erf, ops.relu].map((fn) =>
    opCase(fn, 'large inputs', { inputs: [floats([12], large)], node: (x) => fn(x!), tolerance: helper.webgpu! }),
  ),
  opCase(ops.pow, 'negative bases, whole exponents', {
    inputs: [floats([5], list(-2, -0.5, 0, -3, 2)), floats([7, 1], list(-2, -1, 0, 1, 2, 3, 0.5))],
    node: (x, y) => ops.pow(x!, y!),
    tolerance: { ulps: 4 },
    webgpuTolerance: { ulps: 32 },
    nonFinite: true,
  }),
  ...[0, 1, 2, 3, -1, 0.5].map((exponent) =>
    opCase(ops.pow, `to the constant ${exponent}`, {
      inputs: [floats([9], between(0.5, 3))],
      node: (x) => ops.pow(x!, exponent),
      tolerance: { ulps: 4 },
      webgpuTolerance: { ulps: 32 },
      differentiable: [0],
      smooth: ![0, 1].includes(exponent),
    }),
  ),
  opCase(ops.clip, 'from below only', {
    inputs: [floats([17], between(-2, 2, [0.25]))],
    node: (x) => ops.clip(x!, { min: 0.25, max: Infinity }),
    differentiable: [0],
  }),
  opCase(ops.clip, 'from above only', {
    inputs: [floats([17], between(-2, 2, [0.25]))],
    node: (x) => ops.clip(x!, { min: -Infinity, max: 0.25 }),
    differentiable: [0],
  }),
  ...lengths.flatMap((length) => [
    opCase(ops.cast, `int32 to float32 [${length}]`, {
      inputs: [ints([length], integers(-(2 ** 24), 2 ** 24))],
      node: (x) => ops.cast(x!, 'float32'),
    }),
    opCase(ops.cast, `uint8 to float32 [${length}]`, {
      inputs: [{ shape: [length], values: integers(0, 255), dtype: 'uint8' }],
      node: (x) => ops.cast(x!, 'float32'),
    }),
    opCase(ops.cast, `float32 to int32 [${length}]`, {
      inputs: [floats([length], between(-1000, 1000))],
      node: (x) => ops.cast(x!, 'int32'),
    }),
  ]),
  opCase(ops.cast, 'float32 to int32, halves and signs', {
    inputs: [floats([9], list(-1.5, -1, -0.5, -0, 0, 0.5, 1, 1.5, 16777216))],
    node: (x) => ops.cast(x!, 'int32'),
  }),
  opCase(ops.cast, 'float32 to int32 beyond its range', {
    inputs: [floats([5], list(1e10, -1e10, Infinity, -Infinity, NaN))],
    node: (x) => ops.cast(x!, 'int32'),
    nonFinite: true,
  }),
  opCase(ops.cast, 'uint8 to int32', {
    inputs: [{ shape: [17], values: integers(0, 255), dtype: 'uint8' }],
    node: (x) => ops.cast(x!, 'int32'),
  }),
];
