/**
 * Sums, means and extremes over axes. A kernel sees [outer][reduce][inner]: axes that lie together are reduced as they
 * are; where others lie between them, x is transposed first.
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

/** Axes `first` … `last` − 1 go. */
export type ReduceAttributes = { readonly first: number; readonly last: number };

export interface ReduceSizes {
  readonly outer: number;
  readonly reduce: number;
  readonly inner: number;
}

export type ReduceKind = (typeof reduceKinds)[number];

export function reduceSizes({ shape }: TensorType, { first, last }: ReduceAttributes): ReduceSizes {
  const [outer, reduce] = [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first, last))];
  return { outer, reduce, inner: sizeOf(shape.slice(last)) };
}

type ReduceArguments = [x: Node, axes?: number | readonly number[], keepDims?: boolean];
export type Reduction = OpFunction<Given<ReduceArguments>, StructuredOp<ReduceAttributes>>;

/** `y`, a reduction of `x`, with the reduced axes back as axes of 1, so that it broadcasts against x. */
function withAxes(y: Node, x: Node, { first, last }: ReduceAttributes): Node {
  return reshape(
    y,
    x.shape.map((dimension, axis) => (axis >= first && axis < last ? 1 : dimension)),
  );
}

/** Wraps the loops over outer and inner around `combine`, which gets the values of one output. */
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

/** Chooses axes, makes them lie together, and gives the result its shape. */
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
  // Axes of 1 part nothing and are left out. Where others lie between the reduced ones, those come first.
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

/** Shared equally among the elements that equal the extreme. */
function extremeGradient({ inputs, attributes, output: y, upstream }: GradientContext<ReduceAttributes>): Node[] {
  const [x] = inputs as [Node];
  const hits = equal(x, withAxes(y, x, attributes));
  const axes = Array.from({ length: attributes.last - attributes.first }, (_, index) => attributes.first + index);
  return [select(hits, div(withAxes(upstream, x, attributes), sum(hits, axes, true)), 0)];
}

/**
 * The sum over `axes` (all by default; negative axes count from the end). The reduced axes go, or stay as axes of 1
 * with `keepDims`. The sum of nothing is 0.
 *
 * @param x float32
 * @throws ShapeError for axes that do not exist or are named twice
 */
export const sum: Reduction = /* @__PURE__ */ reduction(
  'sum',
  ({ inputs: [x], attributes, upstream }) => [broadcastTo(withAxes(upstream, x!, attributes), x!.shape)],
  total,
  reduceKernel,
);

/**
 * The mean over `axes`; see `sum`. Infinite where the sum overflows float32, as in NumPy and PyTorch.
 *
 * @throws ShapeError where there is nothing to average
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

/** The greatest over `axes`; see `sum`. NaN where one is NaN. Equal maxima share the gradient, as in JAX. */
export const max: Reduction = /* @__PURE__ */ reduction(
  'max',
  extremeGradient,
  (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  reduceMoreKernel,
);

/** The least over `axes`; see `sum`. NaN where one is NaN. Equal minima share the gradient, as in JAX. */
export const min: Reduction = /* @__PURE__ */ reduction(
  'min',
  extremeGradient,
  (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  reduceMoreKernel,
);

/** The sum of squares over `axes`, without the squares in memory: norms. Infinite from a norm of 1.8e19 on. See `sum`. */
export const sumOfSquares: Reduction = /* @__PURE__ */ reduction(
  'sumOfSquares',
  ({ inputs: [x], attributes, upstream }) => [mul(mul(x!, 2), withAxes(upstream, x!, attributes))],
  (values) => values.reduce((sum, value) => sum + value * value, 0),
  reduceMoreKernel,
);
