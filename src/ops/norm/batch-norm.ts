/**
 * Batch normalization (Ioffe, Szegedy 2015): each column with its mean taken off and divided by its standard deviation, both
 * over all rows that count, then scaled and shifted. What moves through memory is a chain, so that an activation behind it
 * comes along: x is read once for the moments and once for the result; in the gradient x and what arrives are read once
 * for their sums and once for the result.
 */
import { number, options } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import type { ElementwiseOp } from '../../graph/op.ts';
import { operand, optionalOperand } from '../arguments.ts';
import type { TensorLike, WithNodes } from '../arguments.ts';
import { add, div, maximum, mul, neg, square, sub } from '../elementwise/arithmetic.ts';
import { columnProducts, columnSums } from '../reduce/column-sums.ts';
import { less } from '../elementwise/compare.ts';
import { rsqrt } from '../elementwise/math.ts';
import { checked, constant, defineOp, inferElementwise } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { sum } from '../reduce/reduce.ts';
import { reshape } from '../shape/reshape.ts';
import { select } from '../elementwise/select.ts';
import { slice } from '../shape/slice.ts';
import { stopGradient } from '../elementwise/stop-gradient.ts';

type None = Record<string, never>;
type ScaleShiftArguments = [x: Node, center: Node, scale: Node, offset: Node];

/**
 * (x − center) · scale + offset, column by column. Its gradient adds up what scale and offset get in one pass, where a
 * product and a sum would write the products down first.
 *
 * @param x float32 [..., columns]
 * @param center float32 [columns], as scale and offset
 */
export const scaleShift: OpFunction<ScaleShiftArguments, ElementwiseOp<None>> = /* @__PURE__ */ defineOp<
  None,
  ElementwiseOp<None>,
  ScaleShiftArguments
>(
  {
    name: 'scaleShift',
    kind: 'elementwise',
    arity: 3,
    infer: (inputs) => inferElementwise('scaleShift', inputs),
    gradient: ({ inputs, upstream }) => {
      const [deviations, scale] = inputs as [Node, Node];
      const [x, center] = deviations.inputs as [Node, Node]; // made below
      const sums = columnSums(x, center, upstream);
      return [mul(upstream, scale), columnProducts(sums), sums];
    },
    wgsl: 'x * y + z',
    wasm: 'scale_shift',
    reference: (_, x, scale, offset) => x * scale + offset,
  },
  (node, x, center, scale, offset) => node([sub(x, center), scale, offset], {}),
);

export interface NormalizeOptions {
  /** What the normalized values are multiplied by: float32 [columns]. Default 1. */
  readonly scale?: TensorLike;
  /** What is added then, likewise. Default 0. */
  readonly offset?: TensorLike;
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
}

export interface BatchNormOptions extends NormalizeOptions {
  /** How much each row counts, float32 of x's shape without its last axis: a mask of 1 and 0. Default 1. */
  readonly weights?: TensorLike;
}

type ScaleAndOffset = WithNodes<NormalizeOptions, 'scale' | 'offset'>;
type WithWeights = WithNodes<BatchNormOptions, 'scale' | 'offset' | 'weights'>;

/** The result, and what it was measured by. */
export interface BatchNorm {
  readonly output: Node;
  /** float32 [columns] */
  readonly mean: Node;
  /** float32 [columns], biased: nothing is taken off the count. */
  readonly variance: Node;
}

/**
 * (x − mean) / √(variance + ε) · scale + offset with mean and variance of each column, over all rows that count.
 *
 * Deviations are taken from x's first row and their own mean is taken off again (Chan, Golub, LeVeque 1983), so that columns
 * far from 0 lose nothing. A row of weight 0 must still be finite. Where all weights are 0, the first row stands for the mean.
 *
 * A column whose variance overflows float32, from deviations of about 1e19 on, has an infinite variance: it gives `offset`, and
 * its gradient with respect to x and scale is 0. So it is for elements up to 1e30; sums of larger ones may overflow too.
 *
 * @param x float32 [..., columns], two axes or more: rows are all that lies in front of the last
 * @throws ShapeError for a vector, no rows, or a scale, offset or weights of other shapes; ValueError for a negative epsilon
 */
export const batchNorm: (x: TensorLike, options?: BatchNormOptions) => BatchNorm = /* @__PURE__ */ checked(
  'batchNorm',
  {
    x: operand,
    options: /* @__PURE__ */ options({
      weights: optionalOperand,
      scale: optionalOperand,
      offset: optionalOperand,
      epsilon: /* @__PURE__ */ number(0),
    }),
  },
  (x: Node, { weights, ...options }: WithWeights = {}): BatchNorm => {
    const columns = columnsOf('batchNorm', x, options);
    const lead = x.shape.slice(0, -1);
    const rows = sizeOf(lead);
    if (rows === 0) throw new ShapeError(`batchNorm: ${formatShape(x.shape)} has no rows: there is no mean`);
    if (weights) requireShape('batchNorm', 'weights', weights, lead);
    const first = slice(x, [...lead.map(() => 0), 0], [...lead.map(() => 1), columns]);
    const center = stopGradient(reshape(first, [columns]));
    const shares = weights ? div(weights, maximum(sum(weights), 1e-20)) : constant(1 / rows, lead);
    const rest = columnSums(x, center, shares);
    const meanSquare = columnProducts(rest);
    const variance = select(less(meanSquare, Infinity), maximum(sub(meanSquare, square(rest)), 0), meanSquare);
    return { output: scaled(x, center, rest, variance, options), mean: add(center, rest), variance };
  },
);

/**
 * The same with a mean and a variance that are known: what a trained model does. An infinite variance gives `offset`.
 *
 * @param mean float32 [columns], as the variance
 * @throws as `batchNorm`
 */
export const normalizeWith: (
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  options?: NormalizeOptions,
) => Node = /* @__PURE__ */ checked(
  'normalizeWith',
  {
    x: operand,
    mean: operand,
    variance: operand,
    options: /* @__PURE__ */ options({
      scale: optionalOperand,
      offset: optionalOperand,
      epsilon: /* @__PURE__ */ number(0),
    }),
  },
  (x: Node, mean: Node, variance: Node, options: ScaleAndOffset = {}) => {
    const columns = columnsOf('normalizeWith', x, options);
    requireShape('normalizeWith', 'the mean', mean, [columns]);
    requireShape('normalizeWith', 'the variance', variance, [columns]);
    return scaled(x, mean, undefined, variance, options);
  },
);

/** x with center + rest as its mean. */
function scaled(
  x: Node,
  center: Node,
  rest: Node | undefined,
  variance: Node,
  { scale, offset, epsilon = 1e-3 }: ScaleAndOffset,
): Node {
  const factor = rsqrt(add(variance, epsilon));
  const slope = scale ? mul(scale, factor) : factor;
  const shift = offset ?? constant(0, variance.shape);
  return scaleShift(x, center, slope, rest ? add(shift, neg(mul(rest, slope))) : shift);
}

function columnsOf(op: string, { shape }: Node, { scale, offset }: ScaleAndOffset): number {
  if (shape.length < 2)
    throw new ShapeError(`${op}: takes [..., columns] of two axes or more, not ${formatShape(shape)}`);
  const columns = shape.at(-1)!;
  if (scale) requireShape(op, 'scale', scale, [columns]);
  if (offset) requireShape(op, 'offset', offset, [columns]);
  return columns;
}

function requireShape(op: string, what: string, { shape }: Node, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new ShapeError(`${op}: ${what} must be ${formatShape(expected)}, not ${formatShape(shape)}`);
}
