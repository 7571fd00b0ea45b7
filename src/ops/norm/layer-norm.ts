/**
 * Layer normalization (Ba, Kiros, Hinton 2016): subtracts each row's mean and divides by its standard deviation, then
 * scales and shifts column by column. The kernels see [rows, columns]. It is a single op, because fused chains around the
 * sums would read and write x once more. Its gradient consists of two ops that read x and the upstream gradient and
 * recompute the row statistics.
 */
import { number, options } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, normalizeAxes, sameShape, sizeOf } from '../../core/shape.ts';
import { layerNormGradientKernel, layerNormKernel, layerNormSumsKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { WasmCall, WasmKernel } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { GradientContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { axes as axesType, operand, optionalOperand } from '../arguments.ts';
import type { TensorLike, WithNodes } from '../arguments.ts';
import { add, mul, neg, square, sub } from '../elementwise/arithmetic.ts';
import { broadcastTo } from '../shape/broadcast.ts';
import { referenceGradient, referenceLayerNorm, referenceSums } from './layer-norm-reference.ts';
import { normKernels, partRows } from './layer-norm-wgsl.ts';
import { rsqrt } from '../elementwise/math.ts';
import { checkedOp, constant, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { mean, sum } from '../reduce/reduce.ts';
import { reshape } from '../shape/reshape.ts';
import { slice } from '../shape/slice.ts';
import { rowSizes } from './softmax.ts';
import type { RowSizes } from './softmax.ts';
import { transpose } from '../shape/transpose.ts';

export type LayerNormAttributes = { readonly epsilon: number };
type NormRecord = StructuredOp<LayerNormAttributes>;
type Context = GradientContext<LayerNormAttributes>;

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  /** Factor of the normalized values (gamma): float32, shaped like the normalized axes. Default 1. */
  readonly scale?: TensorLike;
  /** Added after scaling (beta): float32, shaped like the normalized axes. Default 0. */
  readonly offset?: TensorLike;
  /** The axes that are normalized together. Default -1. */
  readonly axis?: number | readonly number[];
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
}

type WithScaleAndOffset = WithNodes<LayerNormOptions, 'scale' | 'offset'>;

function inferLayerNorm(inputs: readonly TensorType[]): TensorType {
  const [x] = inputs as [TensorType];
  for (const { dtype } of inputs) requireDType('layerNorm', dtype, 'float32');
  return x;
}

type NormSizes = RowSizes & LayerNormAttributes;

/**
 * Kernels of an op whose first input holds the rows: the wasm call, and the shader's entry point with the names of its
 * inputs.
 */
function rowKernels(
  lower: (sizes: NormSizes) => WasmCall,
  entry: string,
  ...names: readonly string[]
): NormRecord['kernels'] {
  const wasm: WasmKernel<LayerNormAttributes> = {
    name: 'rows',
    lower: ({ inputs, attributes: { epsilon } }) => [lower({ ...rowSizes(inputs[0]!), epsilon })],
  };
  return { wasm: [wasm], webgpu: normKernels(entry, ...names) };
}

/**
 * Moves the normalized axes to the end, merges them into the columns of [rows, columns], and restores the shape
 * afterwards.
 */
function overAxes(
  node: (inputs: readonly Node[], attributes: LayerNormAttributes) => Node,
  x: Node,
  { scale, offset, axis = -1, epsilon = 1e-3 }: WithScaleAndOffset,
): Node {
  const { shape } = x;
  if (shape.length === 0) throw new ShapeError('layerNorm: takes [..., features], not a scalar');
  const axes = normalizeAxes('layerNorm', axis, shape.length);
  const others = shape.flatMap((_, place) => (axes.includes(place) ? [] : [place]));
  const order = [...others, ...axes];
  const sizes = axes.map((place) => shape[place]!);
  const columns = sizeOf(sizes);
  if (columns === 0) {
    throw new ShapeError(
      `layerNorm: ${formatShape(shape)} has no elements along the normalized axes: there is no mean`,
    );
  }
  const perColumn = (what: string, given: Node | undefined, value: number): Node => {
    if (given === undefined) return constant(value, [columns]);
    if (sameShape(given.shape, sizes)) return reshape(given, [columns]);
    throw new ShapeError(
      `layerNorm: ${what} must be ${formatShape(sizes)}, the sizes of the normalized axes, not ${formatShape(given.shape)}`,
    );
  };
  const isLast = order.every((place, index) => place === index);
  const ordered = isLast ? x : transpose(x, order);
  const rows = reshape(ordered, [sizeOf(others.map((place) => shape[place]!)), columns]);
  const y = node([rows, perColumn('scale', scale, 1), perColumn('offset', offset, 0)], { epsilon });
  const restored = reshape(y, ordered.shape);
  return isLast
    ? restored
    : transpose(
        restored,
        order.map((_, place) => order.indexOf(place)),
      );
}

/** The gradients with respect to x, scale and offset. */
function gradientOfLayerNorm({ inputs, attributes, upstream }: Context): Node[] {
  const [x, scale] = inputs as [Node, Node];
  const sums = sum(layerNormSums(x, upstream, attributes), 0);
  const columns = x.shape[1]!;
  const sumOf = (place: number): Node => reshape(slice(sums, [place, 0], [1, columns]), [columns]);
  return [layerNormGradient(x, scale, upstream, attributes), sumOf(0), sumOf(1)];
}

/**
 * Layer normalization: (x − mean) / √(variance + ε) · scale + offset, with mean and biased variance over `axis`, as in
 * Keras. Accurate for elements up to 1e37 in magnitude, even where the variance of the row exceeds float32. For larger
 * elements a deviation or its inverse may overflow too. A row with NaN or infinity gives NaN.
 *
 * @param x float32 with at least one axis
 * @param options scale, offset, axis and epsilon
 * @returns float32 of x's shape
 * @throws ShapeError for axes that do not exist, are given twice or have no elements, and for a scale or offset of other
 *   shapes
 * @throws ValueError for a negative epsilon
 * @example layerNorm(x, { scale: gamma, offset: beta });
 */
export const layerNorm: OpFunction<[x: TensorLike, options?: LayerNormOptions], NormRecord> = /* @__PURE__ */ checkedOp(
  {
    x: operand,
    options: /* @__PURE__ */ options({
      scale: optionalOperand,
      offset: optionalOperand,
      axis: axesType,
      epsilon: /* @__PURE__ */ number(0),
    }),
  },
  /* @__PURE__ */ structured<LayerNormAttributes, [x: Node, options?: WithScaleAndOffset]>(
    {
      name: 'layerNorm',
      infer: inferLayerNorm,
      gradient: gradientOfLayerNorm,
      kernels: /* @__PURE__ */ rowKernels(
        (sizes) => call(layerNormKernel, { x: input(0), scale: input(1), offset: input(2), y: output(0), ...sizes }),
        'layer_norm',
        'x',
        'scale',
        'offset',
      ),
      reference: referenceLayerNorm,
    },
    (node, x, options = {}) => overAxes(node, x, options),
  ),
);

/**
 * The gradient of `layerNormGradient`. Let D(h) = r·(h − mean(h) − x̂·mean(h·x̂)), which is linear and symmetric in h.
 * The output is D(h) with h = g·scale. For the upstream gradient u, the gradient with respect to h is D(u).
 * Differentiating mean(u·D(h)) through r and x̂ gives the gradient with respect to x: −r·(mean(u·D(h))·x̂ +
 * mean(h·x̂)·D(u) + mean(u·x̂)·D(h)).
 */
function gradientOfGradient({ inputs, attributes, output: slope, upstream }: Context): Node[] {
  const [x, scale, arriving] = inputs as [Node, Node, Node];
  const standard = layerNorm(x, attributes);
  const turned = layerNormGradient(x, constant(1, scale.shape), upstream, attributes);
  const rowMean = (of: Node): Node => mean(of, 1, true);
  const factor = rsqrt(add(rowMean(square(sub(x, rowMean(x)))), attributes.epsilon));
  const curvature = add(
    mul(rowMean(mul(upstream, slope)), standard),
    add(mul(rowMean(mul(mul(arriving, scale), standard)), turned), mul(rowMean(mul(upstream, standard)), slope)),
  );
  return [neg(mul(factor, curvature)), mul(turned, arriving), mul(turned, scale)];
}

type GradientArguments = [x: Node, scale: Node, upstream: Node, attributes: LayerNormAttributes];

/**
 * The gradient of `layerNorm` with respect to x: r·(h − mean(h) − x̂·mean(h·x̂)), where h = upstream · scale and
 * r = 1 / √(variance + ε).
 *
 * @param x float32 [rows, columns]
 * @param scale float32 [columns]
 * @param upstream float32 [rows, columns]
 * @returns float32 [rows, columns]
 */
export const layerNormGradient: OpFunction<GradientArguments, NormRecord> = /* @__PURE__ */ structured<
  LayerNormAttributes,
  GradientArguments
>(
  {
    name: 'layerNormGradient',
    infer: inferLayerNorm,
    gradient: gradientOfGradient,
    kernels: /* @__PURE__ */ rowKernels(
      (sizes) =>
        call(layerNormGradientKernel, { x: input(0), scale: input(1), upstream: input(2), dx: output(0), ...sizes }),
      'layer_norm_gradient',
      'x',
      'scale',
      'g',
    ),
    reference: referenceGradient,
  },
  (node, x, scale, upstream, { epsilon }) => node([x, scale, upstream], { epsilon }),
);

type SumsArguments = [x: Node, upstream: Node, attributes: LayerNormAttributes];

/**
 * Σ upstream · x̂ and Σ upstream over each block of 32 rows. Their totals are the gradients of `layerNorm` with respect
 * to scale and offset.
 *
 * @param x float32 [rows, columns]
 * @param upstream float32 [rows, columns]
 * @returns float32 [⌈rows / 32⌉, 2, columns]
 */
export const layerNormSums: OpFunction<SumsArguments, NormRecord> = /* @__PURE__ */ structured<
  LayerNormAttributes,
  SumsArguments
>(
  {
    name: 'layerNormSums',
    infer: (inputs) => {
      const [rows, columns] = inferLayerNorm(inputs).shape as [number, number];
      return { shape: [Math.ceil(rows / partRows), 2, columns], dtype: 'float32' };
    },
    gradient: ({ inputs, attributes, upstream }) => {
      const [x, arriving] = inputs as [Node, Node];
      const [rows, columns] = x.shape as [number, number];
      const [parts] = upstream.shape as [number];
      const weight = (place: number): Node => {
        const row = slice(upstream, [0, place, 0], [parts, 1, columns]);
        const spread = reshape(broadcastTo(row, [parts, partRows, columns]), [parts * partRows, columns]);
        return slice(spread, [0, 0], [rows, columns]);
      };
      const dx = layerNormGradient(x, constant(1, [columns]), mul(arriving, weight(0)), attributes);
      return [dx, add(mul(weight(0), layerNorm(x, attributes)), weight(1))];
    },
    kernels: /* @__PURE__ */ rowKernels(
      (sizes) => call(layerNormSumsKernel, { x: input(0), upstream: input(1), sums: output(0), partRows, ...sizes }),
      'layer_norm_sums',
      'x',
      'g',
    ),
    reference: referenceSums,
  },
  (node, x, upstream, { epsilon }) => node([x, upstream], { epsilon }),
);
