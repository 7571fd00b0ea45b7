/**
 * Sums, means, maxima and minima over axes. The kernels see x as [outer, reduce, inner], so adjacent axes are reduced in
 * place. If other axes lie between the reduced ones, x is transposed first.
 */
import { boolean } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, normalizeAxes, sizeOf } from '../../core/shape.ts';
import { reduceKinds } from '../../generated/wasm/constants.ts';
import { reduceKernel, reduceMoreKernel } from '../../generated/wasm/kernels.ts';
import type { ReduceWords } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { KernelBinding, WasmKernel } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { GradientContext, GradientRule, ReferenceArray, StructuredOp, TensorType } from '../../graph/op.ts';
import { axes, operand } from '../arguments.ts';
import type { Given } from '../arguments.ts';
import { div, mul, square } from '../elementwise/arithmetic.ts';
import { broadcastTo } from '../shape/broadcast.ts';
import { equal } from '../elementwise/compare.ts';
import { withSubgroups } from '../dispatch.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import { lowerReduce, reduceScratch } from './reduce-wgsl.ts';
import type { OpFunction } from '../define.ts';
import { reshape } from '../shape/reshape.ts';
import { select } from '../elementwise/select.ts';
import { transpose } from '../shape/transpose.ts';

/** The axes `first` … `last` − 1 are reduced. */
export type ReduceAttributes = { readonly first: number; readonly last: number };

/** Sizes of a tensor seen as [outer, reduce, inner]. */
export interface ReduceSizes {
  readonly outer: number;
  readonly reduce: number;
  readonly inner: number;
}

/** The kinds of reductions, in the order of their indices in the kernels. */
export type ReduceKind = (typeof reduceKinds)[number];

/** Merges the axes before, among and after the reduced ones. */
export function reduceSizes({ shape }: TensorType, { first, last }: ReduceAttributes): ReduceSizes {
  const [outer, reduce] = [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first, last))];
  return { outer, reduce, inner: sizeOf(shape.slice(last)) };
}

type ReduceArguments = [x: Node, axes?: number | readonly number[], keepDims?: boolean];
/** The type of the reduction functions. */
export type Reduction = OpFunction<Given<ReduceArguments>, StructuredOp<ReduceAttributes>>;

/** Reshapes `y`, a reduction of `x`, so that the reduced axes are axes of size 1 and `y` broadcasts against `x`. */
function withAxes(y: Node, x: Node, { first, last }: ReduceAttributes): Node {
  return reshape(
    y,
    x.shape.map((dimension, axis) => (axis >= first && axis < last ? 1 : dimension)),
  );
}

/** The reference loops over outer and inner; `combine` reduces the values of one output. */
function referenceOver(combine: (values: Float64Array) => number): StructuredOp<ReduceAttributes>['reference'] {
  return ({ attributes, inputs, inputTypes, outputs }) => {
    const { outer, reduce, inner } = reduceSizes(inputTypes[0]!, attributes);
    for (let row = 0; row < outer; row++) {
      for (let column = 0; column < inner; column++) {
        const at = (index: number): number => (row * reduce + index) * inner + column;
        const values = Float64Array.from({ length: reduce }, (_, index) => inputs[0]![at(index)]!);
        outputs[0]![row * inner + column] = combine(values);
      }
    }
  };
}

const total = (values: ReferenceArray): number => values.reduce((sum, value) => sum + value, 0);

const adjacent = (axes: readonly number[]): boolean => axes.every((axis, place) => axis === axes[0]! + place);

/** Normalizes the axes, transposes x if they are not adjacent, and reshapes the result. */
function reduceOver(
  kind: ReduceKind,
  node: (inputs: readonly Node[], attributes: ReduceAttributes) => Node,
  [x, axes, keepDims = false]: ReduceArguments,
): Node {
  requireDType(kind, x.dtype, 'float32');
  const reduced = normalizeAxes(kind, axes, x.shape.length);
  const sizes = x.shape.map((dimension, axis) => (reduced.includes(axis) ? 1 : dimension));
  const shape = keepDims ? sizes : sizes.filter((_, axis) => !reduced.includes(axis));
  if (reduced.every((axis) => x.shape[axis] === 1)) return reshape(kind === 'sumOfSquares' ? square(x) : x, shape);
  if (adjacent(reduced)) return reshape(node([x], { first: reduced[0]!, last: reduced.at(-1)! + 1 }), shape);
  // Axes of size 1 do not separate the reduced axes and are dropped. Other axes in between are moved to the front.
  const wide = x.shape.flatMap((dimension, axis) => (dimension === 1 ? [] : [axis]));
  const core = reshape(
    x,
    wide.map((axis) => x.shape[axis]!),
  );
  const going = wide.flatMap((axis, place) => (reduced.includes(axis) ? [place] : []));
  if (adjacent(going)) return reshape(node([core], { first: going[0]!, last: going.at(-1)! + 1 }), shape);
  const staying = wide.flatMap((axis, place) => (reduced.includes(axis) ? [] : [place]));
  const ordered = transpose(core, [...staying, ...going]);
  return reshape(node([ordered], { first: staying.length, last: wide.length }), shape);
}

function reduction(
  kind: ReduceKind,
  gradient: GradientRule<ReduceAttributes>,
  combine: (values: Float64Array) => number,
  kernel: KernelBinding<ReduceWords>,
): Reduction {
  const infer = ([x]: readonly TensorType[], { first, last }: ReduceAttributes): TensorType => {
    const { shape, dtype } = x!;
    requireDType(kind, dtype, 'float32');
    if (kind !== 'sum' && kind !== 'sumOfSquares' && sizeOf(shape.slice(first, last)) === 0) {
      throw new ShapeError(
        `${kind}: ${formatShape(shape)} has no elements along the reduced axes: there is no ${kind}`,
      );
    }
    return { shape: shape.filter((_, axis) => axis < first || axis >= last), dtype };
  };
  const wasm: WasmKernel<ReduceAttributes> = {
    name: 'reduce',
    lower: ({ inputs, attributes }) => {
      const sizes = reduceSizes(inputs[0]!, attributes);
      return [call(kernel, { x: input(0), y: output(0), ...sizes, kind: reduceKinds.indexOf(kind) })];
    },
  };
  const webgpu = withSubgroups<ReduceAttributes>({
    name: 'reduce',
    scratch: ({ inputs, attributes }) => reduceScratch(reduceSizes(inputs[0]!, attributes)),
    lower: ({ inputs, attributes }) => lowerReduce(reduceSizes(inputs[0]!, attributes), reduceKinds.indexOf(kind)),
  });
  const op = structured<ReduceAttributes, ReduceArguments>(
    { name: kind, infer, gradient, kernels: { wasm: [wasm], webgpu }, reference: referenceOver(combine) },
    (node, ...args) => reduceOver(kind, node, args),
  );
  return checkedOp({ x: operand, axes, keepDims: boolean }, op);
}

/** The upstream gradient, divided equally among the elements that equal the maximum or minimum. */
function extremeGradient({ inputs, attributes, output: y, upstream }: GradientContext<ReduceAttributes>): Node[] {
  const [x] = inputs as [Node];
  const hits = equal(x, withAxes(y, x, attributes));
  const axes = Array.from({ length: attributes.last - attributes.first }, (_, index) => attributes.first + index);
  return [select(hits, div(withAxes(upstream, x, attributes), sum(hits, axes, true)), 0)];
}

/**
 * The sum over axes. The sum of no elements is 0.
 *
 * @param x float32
 * @param axes an axis or an array of axes; negative axes count from the end. Default: all axes.
 * @param keepDims true keeps the reduced axes as axes of size 1; the default, false, removes them
 * @returns float32 of x's shape without the reduced axes
 * @throws ShapeError for axes that do not exist or are given twice; DTypeError unless x is float32
 * @example sum(tensor([[1, 2], [3, 4]]), 0); // [4, 6]
 */
export const sum: Reduction = /* @__PURE__ */ reduction(
  'sum',
  ({ inputs: [x], attributes, upstream }) => [broadcastTo(withAxes(upstream, x!, attributes), x!.shape)],
  total,
  reduceKernel,
);

/**
 * The mean over axes. Infinite where the sum overflows float32, as in NumPy and PyTorch. Parameters as for `sum`.
 *
 * @param x float32
 * @returns float32 of x's shape without the reduced axes
 * @throws ShapeError for axes that do not exist, are given twice or have no elements; DTypeError unless x is float32
 * @example mean(tensor([[1, 2], [3, 4]]), -1); // [1.5, 3.5]
 */
export const mean: Reduction = /* @__PURE__ */ reduction(
  'mean',
  ({ inputs: [x], attributes, upstream }) => {
    const share = mul(upstream, 1 / reduceSizes(x!, attributes).reduce);
    return [broadcastTo(withAxes(share, x!, attributes), x!.shape)];
  },
  (values) => total(values) / values.length,
  reduceKernel,
);

/**
 * The maximum over axes; NaN where any element is NaN. Equal maxima share the gradient, as in JAX. Parameters as for
 * `sum`. See `maximum` for the element-wise maximum of two tensors.
 *
 * @param x float32
 * @returns float32 of x's shape without the reduced axes
 * @throws ShapeError for axes that do not exist, are given twice or have no elements; DTypeError unless x is float32
 * @example max(tensor([[1, 2], [4, 3]]), -1); // [2, 4]
 */
export const max: Reduction = /* @__PURE__ */ reduction(
  'max',
  extremeGradient,
  (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  reduceMoreKernel,
);

/**
 * The minimum over axes; NaN where any element is NaN. Equal minima share the gradient, as in JAX. Parameters as for
 * `sum`. See `minimum` for the element-wise minimum of two tensors.
 *
 * @param x float32
 * @returns float32 of x's shape without the reduced axes
 * @throws ShapeError for axes that do not exist, are given twice or have no elements; DTypeError unless x is float32
 */
export const min: Reduction = /* @__PURE__ */ reduction(
  'min',
  extremeGradient,
  (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  reduceMoreKernel,
);

/**
 * The sum of squares over axes, for norms. Does not store the squares in memory. Infinite for norms of 1.8e19 and above.
 * Parameters as for `sum`.
 *
 * @param x float32
 * @returns float32 of x's shape without the reduced axes
 * @throws ShapeError for axes that do not exist or are given twice; DTypeError unless x is float32
 * @example sqrt(sumOfSquares(x)); // the Euclidean norm
 */
export const sumOfSquares: Reduction = /* @__PURE__ */ reduction(
  'sumOfSquares',
  ({ inputs: [x], attributes, upstream }) => [mul(mul(x!, 2), withAxes(upstream, x!, attributes))],
  (values) => values.reduce((sum, value) => sum + value * value, 0),
  reduceMoreKernel,
);
