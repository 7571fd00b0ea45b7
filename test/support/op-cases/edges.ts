/**
 * Cases at the limits of float32: attributes and constants of ops; gradients at bounds, at ties and next to NaN and infinity; and
 * logits so large that adding the log of a sum of exponentials does not change them.
 */
import { gradients } from '../../../src/autodiff/gradients.ts';
import type { Node } from '../../../src/graph/node.ts';
import * as ops from '../../../src/ops/index.ts';
import { floats, ints, list, opCase, scalar } from './case.ts';
import type { OpCase } from './case.ts';

/** The largest float32. */
const largest = (2 - 2 ** -23) * 2 ** 127;

/**
 * Numbers whose JavaScript text is not a WGSL literal or means something else in WGSL, the limits of float32, and numbers
 * beyond them: 1e39 is infinite as a float32, 1e-46 is 0.
 */
export const edgeNumbers: readonly number[] = [
  ...[0, -0, 1, -0.5, 0.1, 1e-7, -1e-7, 1e21, -1e21, 123456789, 1e22, 2 ** -126, -(2 ** -126)].map(Math.fround),
  ...[largest, -largest, Infinity, -Infinity, 1e39, -1e39, 1e-46, ...[1e-40, -1e-40, 2 ** -149].map(Math.fround)],
];
const written = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
/** WGSL may flush subnormal numbers to 0, which a quotient or a comparison reveals. */
const isSubnormal = (value: number): boolean => value !== 0 && Math.abs(value) < 2 ** -126;

const around = list(-1e30, -3, -1, -0.5, -1e-7, 0, 1e-7, 0.5, 1, 3, 1e30);
const x = floats([11], around);

/** One case of `node` for each edge number that `takes` accepts. */
function forEachNumber(
  fn: { readonly op: unknown },
  name: string,
  node: (x: Node, value: number) => Node,
  takes: (value: number) => boolean = () => true,
): OpCase[] {
  return edgeNumbers.filter(takes).map((value) =>
    opCase(fn, `${name} ${written(value)}`, {
      inputs: [x],
      node: (input) => node(input!, value),
      tolerance: { ulps: 4, absolute: 1e-6 },
      webgpuTolerance: { ulps: 32, absolute: 1e-6 },
      nonFinite: true, // even if the number is finite: a product with it may not be
    }),
  );
}

const settingCases: readonly OpCase[] = [
  ...forEachNumber(ops.leakyRelu, 'of alpha', (input, alpha) => ops.leakyRelu(input, { alpha }), Number.isFinite),
  ...forEachNumber(ops.elu, 'of alpha', (input, alpha) => ops.elu(input, { alpha }), Number.isFinite),
  ...forEachNumber(ops.clip, 'from', (input, min) => ops.clip(input, { min, max: Infinity })),
  ...forEachNumber(ops.clip, 'to', (input, max) => ops.clip(input, { min: -Infinity, max })),
  ...forEachNumber(ops.clip, 'from and to', (input, value) => ops.clip(input, { min: value, max: value })),
  ...forEachNumber(ops.add, 'of the constant', (input, value) => ops.add(input, value)),
  ...forEachNumber(ops.mul, 'by the constant', (input, value) => ops.mul(input, value)),
  ...forEachNumber(
    ops.div,
    'by the constant',
    (input, value) => ops.div(input, value),
    (value) => !isSubnormal(value) && Math.abs(value) < 1e38, // WGSL guarantees quotients only for divisors up to 2^126
  ),
  ...forEachNumber(
    ops.div,
    'of the constant',
    (input, value) => ops.div(value, input),
    (value) => Math.abs(value) >= 2 ** -126, // a WGSL compiler may simplify 0 / x to 0, even if x is 0
  ),
  ...forEachNumber(ops.maximum, 'with the constant', (input, value) => ops.maximum(value, input)),
  ...forEachNumber(ops.minimum, 'with the constant', (input, value) => ops.minimum(input, value)),
  ...forEachNumber(
    ops.pow,
    'to the edge',
    (input, value) => ops.pow(ops.select(ops.greater(input, 1), 1, input), value),
    (value) => !isSubnormal(value),
  ),
  ...forEachNumber(
    ops.mod,
    'by the constant',
    (input, value) => ops.mod(input, value),
    (value) => !isSubnormal(value),
  ),
  ...forEachNumber(ops.select, 'of the constant', (input, value) => ops.select(ops.less(input, 0), value, input)),
  ...forEachNumber(
    ops.less,
    'than the constant',
    (input, value) => ops.less(input, value),
    (value) => !isSubnormal(value),
  ),
  ...forEachNumber(ops.pad, 'with', (input, value) => ops.pad(input, [[1, 2]], value)),
  ...forEachNumber(
    ops.layerNorm,
    'of epsilon',
    (input, epsilon) => ops.layerNorm(ops.mul(input, 1e-20), { epsilon }),
    (epsilon) => Number.isFinite(epsilon) && epsilon >= 0 && !isSubnormal(epsilon),
  ),
  ...edgeNumbers
    .filter((value) => Math.abs(value) < 1e38)
    .map((value) =>
      opCase(ops.gatherBatch, `scaled by ${written(value)}`, {
        inputs: [floats([4, 3]), scalar(1)],
        node: (data, at) => ops.gatherBatch(data!, null, at!, { batch: 2, scale: value, offset: value }),
        tolerance: { ulps: 2, absolute: Math.abs(value) * 1e-6 },
        nonFinite: true,
      }),
    ),
  ...[1e-7, 1e-40, 1 - 1e-7, 1 - 1e-9].map((rate) =>
    opCase(ops.dropoutMask, `at the edge ${rate}`, {
      inputs: [scalar(3)],
      node: (at) => ops.dropoutMask([101], { rate, key0: 1, key1: 2 }, at!),
      tolerance: { ulps: 2.5 },
    }),
  ),
];

/** A case whose value is the gradient of the sum of `fn` with respect to its inputs, concatenated. */
function slopeCase(
  op: { readonly op: unknown },
  name: string,
  fn: (...inputs: Node[]) => Node,
  ...values: number[][]
): OpCase {
  return opCase(op, `gradient ${name}`, {
    inputs: values.map((row) => floats([row.length], list(...row))),
    node: (...inputs) => ops.concatenate(gradients(ops.sum(fn(...inputs)), inputs), 0),
    tolerance: { ulps: 8 },
    webgpuTolerance: { ulps: 64, absolute: 1e-5 },
    nonFinite: true,
  });
}

const nan = NaN;
const infinite = Infinity;

/** These cases are listed under the op of `concatenate`, which returns the gradients. */
const slopeCases: readonly OpCase[] = [
  slopeCase(ops.concatenate, 'of relu', (v) => ops.relu(v!), [-1, -0, 0, 1, nan, infinite]),
  slopeCase(ops.concatenate, 'of relu6', (v) => ops.relu6(v!), [-1, -0, 0, 3, 6, 7, nan, infinite]),
  slopeCase(ops.concatenate, 'of clip', (v) => ops.clip(v!, { min: -1, max: 2 }), [-2, -1, 0, 2, 3, nan, -infinite]),
  slopeCase(
    ops.concatenate,
    'of clip without bounds',
    (v) => ops.clip(v!, { min: -infinite, max: infinite }),
    [-3e38, 0, 3e38],
  ),
  slopeCase(ops.concatenate, 'of leakyRelu', (v) => ops.leakyRelu(v!, { alpha: 0.25 }), [-1, -0, 0, 1]),
  slopeCase(ops.concatenate, 'of elu', (v) => ops.elu(v!, { alpha: 0.25 }), [-1, -0, 0, 1, 100]),
  slopeCase(ops.concatenate, 'of abs', (v) => ops.abs(v!), [-1, -0, 0, 1]),
  slopeCase(ops.concatenate, 'of sqrt', (v) => ops.sqrt(v!), [0, 1, 4]),
  slopeCase(ops.concatenate, 'of log', (v) => ops.log(v!), [0, 1, 4]),
  slopeCase(ops.concatenate, 'of maximum', (a, b) => ops.maximum(a!, b!), [1, 2, 2, nan, 1, 0], [2, 1, 2, 1, nan, -0]),
  slopeCase(ops.concatenate, 'of minimum', (a, b) => ops.minimum(a!, b!), [1, 2, 2, nan, 1, 0], [2, 1, 2, 1, nan, -0]),
  slopeCase(ops.concatenate, 'of max', (v) => ops.max(v!), [2, 1, 2, -infinite]),
  slopeCase(ops.concatenate, 'of mod', (a, b) => ops.mod(a!, b!), [4, -4, 5, -5, 0], [2, 2, -3, 3, 1]),
  slopeCase(ops.concatenate, 'of pow', (a, b) => ops.pow(a!, b!), [0, 0, 0, 1, 4], [0, 1, 2, 3, 0.5]),
  slopeCase(ops.concatenate, 'of pow to 2', (a) => ops.pow(a!, 2), [-3, 0, 2]),
  slopeCase(
    ops.concatenate,
    'of select beside NaN and infinity',
    (a, b) => ops.select(ops.constant(Float32Array.of(1, 1, 0, 0, nan)), a!, b!),
    [1, 2, nan, infinite, 3],
    [nan, infinite, 1, 2, -infinite],
  ),
  slopeCase(
    ops.concatenate,
    'of select of operands that were chosen',
    (a) => ops.select(ops.greater(a!, 0), ops.sqrt(ops.select(ops.greater(a!, 0), a!, 1)), 0),
    [-1, 0, 4],
  ),
];

/** Rows of equal logits, of opposite logits, and of adjacent float32 logits. */
const hugeLogits = list(
  ...[1e16, 1e16, 0, 3e38, 3e38, 3e38, 3e38, 3e38, -3e38, -3e38, -3e38, -3e38],
  ...[1e30, 1e30, -1e30, 16777216, 16777216, 16777218, -1e16, -1e16, 0, 1e38, -1e38, 1e38],
);
const bounds = {
  tolerance: { ulps: 8, absolute: 1e-6 },
  webgpuTolerance: { ulps: 64, absolute: 4e-6 },
  nonFinite: true,
};
const logits = floats([8, 3], hugeLogits);

const logitCases: readonly OpCase[] = [
  ...[ops.softmax, ops.logSoftmax].flatMap((fn) => [
    opCase(fn, 'of logits up to 3e38', { ...bounds, inputs: [logits], node: (z) => fn(z!) }),
    opCase(fn, 'gradient for logits up to 3e38', {
      ...bounds,
      inputs: [logits, floats([8, 3])],
      node: (z, weights) =>
        gradients(ops.sum(ops.mul(ops.select(ops.greater(fn(z!), -1e9), fn(z!), 0), weights!)), [z!])[0]!,
    }),
  ]),
  opCase(ops.softmaxCrossEntropy, 'of logits up to 3e38', {
    ...bounds,
    inputs: [floats([8, 3], list(0.5, 0.5, 0)), logits],
    node: (y, z) => ops.softmaxCrossEntropy(y!, z!),
  }),
  opCase(ops.softmaxCrossEntropy, 'gradient for logits up to 3e38', {
    ...bounds,
    inputs: [floats([8, 3], list(0.5, 0.5, 0)), logits],
    node: (y, z) => gradients(ops.sum(ops.softmaxCrossEntropy(y!, z!)), [z!])[0]!,
  }),
  opCase(ops.sparseSoftmaxCrossEntropy, 'of logits up to 3e38', {
    ...bounds,
    inputs: [ints([8], list(0, 1)), logits],
    node: (y, z) => ops.sparseSoftmaxCrossEntropy(y!, z!),
  }),
  opCase(ops.sparseSoftmaxCrossEntropy, 'gradient for logits up to 3e38', {
    ...bounds,
    inputs: [ints([8], list(0, 1)), logits],
    node: (y, z) => gradients(ops.sum(ops.sparseSoftmaxCrossEntropy(y!, z!)), [z!])[0]!,
  }),
];

export const edgeCases: readonly OpCase[] = [
  ...settingCases,
  ...slopeCases,
  ...logitCases,
  // 1 / ±0 reveals the sign.
  opCase(ops.reciprocal, 'of zero remainders', {
    inputs: [floats([8], list(4, -4, 4, -4, 0, -0, 0, -0)), floats([8], list(2, 2, -2, -2, 3, 3, -3, -3))],
    node: (a, b) => ops.reciprocal(ops.mod(a!, b!)),
    nonFinite: true,
  }),
];
