/**
 * Batch normalization (Ioffe, Szegedy 2015): subtracts each column's mean and divides by its standard deviation, both
 * computed over all weighted rows, then scales and shifts. The ops around the sums are element-wise, so that a following
 * activation fuses with them: x is read once for the moments and once for the result. The gradient reads x and the
 * upstream gradient once for their sums and once for the result.
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
 * (x − center) · scale + offset, column by column. The gradient computes the sums for scale and offset in one pass. A
 * separate `mul` and `add` would first write the products to memory.
 *
 * @param x float32 [..., columns]
 * @param center float32 [columns]
 * @param scale float32 [columns]
 * @param offset float32 [columns]
 * @returns float32 of x's shape
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
      const [x, center] = deviations.inputs as [Node, Node]; // the sub() in the builder below
      const sums = columnSums(x, center, upstream);
      return [mul(upstream, scale), columnProducts(sums), sums];
    },
    wgsl: 'x * y + z',
    wasm: 'scale_shift',
    reference: (_, x, scale, offset) => x * scale + offset,
  },
  (node, x, center, scale, offset) => node([sub(x, center), scale, offset], {}),
);

/** Options of `normalizeWith`. */
export interface NormalizeOptions {
  /** Factor of the normalized values (gamma): float32 [columns]. Default 1. */
  readonly scale?: TensorLike;
  /** Added after scaling (beta): float32 [columns]. Default 0. */
  readonly offset?: TensorLike;
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends NormalizeOptions {
  /** Weight of each row, such as a mask of 0 and 1: float32 of x's shape without its last axis. Default 1. */
  readonly weights?: TensorLike;
}

type ScaleAndOffset = WithNodes<NormalizeOptions, 'scale' | 'offset'>;
type WithWeights = WithNodes<BatchNormOptions, 'scale' | 'offset' | 'weights'>;

/** The normalized values and the statistics used. */
export interface BatchNorm {
  /** float32 of x's shape */
  readonly output: Node;
  /** float32 [columns] */
  readonly mean: Node;
  /** float32 [columns]: the biased variance, divided by the sum of the row weights. */
  readonly variance: Node;
}

/**
 * Batch normalization: (x − mean) / √(variance + ε) · scale + offset, with the weighted mean and variance of each column
 * over all rows.
 *
 * Deviations are computed from x's first row and their mean is subtracted afterwards (Chan, Golub, LeVeque 1983), so that
 * columns far from 0 lose no precision. Rows of weight 0 must be finite. If all weights are 0, the first row is used as
 * the mean.
 *
 * A column whose variance overflows float32, from deviations of about 1e19 on, has an infinite variance: its output is
 * `offset`, and its gradient with respect to x and scale is 0. This holds for elements up to 1e30; sums of larger
 * elements may overflow as well.
 *
 * @param x float32 [..., columns] with at least two axes; all axes except the last form the rows
 * @param options scale, offset, epsilon and row weights
 * @returns the output, the mean and the variance
 * @throws ShapeError for a vector, no rows, or a scale, offset or weights of other shapes; ValueError for a negative
 *   epsilon
 * @example const { output, mean, variance } = batchNorm(x, { scale: gamma, offset: beta });
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
 * Batch normalization with a given mean and variance, as in inference. Columns with an infinite variance give `offset`.
 *
 * @param x float32 [..., columns] with at least two axes
 * @param mean float32 [columns]
 * @param variance float32 [columns]
 * @param options scale, offset and epsilon
 * @returns float32 of x's shape
 * @throws ShapeError for a vector, or a mean, variance, scale or offset of other shapes; ValueError for a negative
 *   epsilon
 * @example normalizeWith(x, movingMean, movingVariance, { scale: gamma, offset: beta });
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

/** Normalizes x with the mean center + rest. */
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
