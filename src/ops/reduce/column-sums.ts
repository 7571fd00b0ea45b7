/**
 * Column sums of h and of h·e over the rows of a matrix, where e is the deviation of x from a center. They are the
 * moments of batch normalization and the sums of its gradient, computed in one pass over their inputs. Rows are added in
 * blocks of fixed size, and the blocks in order, so that the sums do not depend on how the work is distributed.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { columnSums as shader } from '../../generated/shaders/column-sums.ts';
import { reduceKinds } from '../../generated/wasm/constants.ts';
import { columnMomentsKernel, columnProductsKernel, reduceKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output, scratch } from '../../graph/kernel.ts';
import type { GpuKernel, Operand, StepTypes, WasmKernel } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { AliasOp, ReferenceContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { add, mul, neg, square, sub } from '../elementwise/arithmetic.ts';
import { elementDispatch } from '../dispatch.ts';
import { alias, requireDType, structured, withinFloat32 } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { parts } from '../part.ts';
import { sum } from './reduce.ts';
import { reducePass } from './reduce-wgsl.ts';
import { expandDims } from '../shape/reshape.ts';
import { rowSizes } from '../norm/softmax.ts';

type None = Record<string, never>;

/** Whether h is x − center times one weight per row. Otherwise h is given for each element. */
const isWeighted = ([x, , weights]: readonly TensorType[]): boolean => weights!.shape.length < x!.shape.length;

function infer(inputs: readonly TensorType[]): TensorType {
  for (const { dtype } of inputs) requireDType('columnSums', dtype, 'float32');
  const [x, center, weights] = inputs.map(({ shape }) => shape) as [number[], number[], number[]];
  const columns = x.slice(-1);
  if (columns.length === 0) throw new ShapeError('columnSums: takes [..., columns], not a scalar');
  if (!sameShape(center, columns)) {
    throw new ShapeError(`columnSums: center must be ${formatShape(columns)}, not ${formatShape(center)}`);
  }
  const rows = x.slice(0, -1);
  if (!sameShape(weights, rows) && !sameShape(weights, x)) {
    throw new ShapeError(
      `columnSums: weights must be ${formatShape(rows)}, one for each row, or ${formatShape(x)}, not ${formatShape(weights)}`,
    );
  }
  return { shape: columns, dtype: 'float32' };
}

/** Rows per block on each backend: block sums take at most 1/30 of x. Below, the maximum number of blocks. */
const partRows = { wasm: 64, webgpu: 32 } as const;
const mostParts = 256;

interface Plan {
  readonly rows: number;
  readonly columns: number;
  readonly parts: number;
  /** Rows per block. */
  readonly length: number;
  /** Destinations of Σ h and Σ h·e of the blocks. A single block writes directly to the outputs. */
  readonly targets: readonly [sums: Operand, products: Operand];
  readonly scratch: readonly number[];
}

function planOf({ inputs, outputs }: StepTypes<None>, backend: keyof typeof partRows): Plan {
  const { rows, columns } = rowSizes(inputs[0]!);
  const few = Math.min(Math.ceil(rows / partRows[backend]), mostParts);
  const length = 4 * Math.ceil(rows / Math.max(few, 1) / 4);
  const count = Math.max(1, Math.ceil(rows / Math.max(length, 1)));
  const bytes = 4 * count * columns;
  const plan = { rows, columns, parts: count, length };
  if (count > 1) return { ...plan, targets: [scratch(0), scratch(1)], scratch: [bytes, bytes] };
  // The products are not always an output of the step.
  const isRead = outputs.length > 1;
  return { ...plan, targets: [output(0), isRead ? output(1) : scratch(0)], scratch: isRead ? [] : [bytes] };
}

const wasm: WasmKernel<None> = {
  name: 'rows',
  scratch: (step) => planOf(step, 'wasm').scratch,
  lower: (step) => {
    const { rows, columns, parts: count, length, targets } = planOf(step, 'wasm');
    const [sums, products] = targets;
    const first = call(isWeighted(step.inputs) ? columnMomentsKernel : columnProductsKernel, {
      x: input(0),
      center: input(1),
      weights: input(2),
      sums,
      products,
      rows,
      columns,
      parts: count,
      partRows: length,
    });
    const sizes = { outer: 1, reduce: count, inner: columns, kind: reduceKinds.indexOf('sum') };
    const others = count === 1 ? [] : step.outputs.map((_, index) => index);
    return [first, ...others.map((index) => call(reduceKernel, { x: targets[index]!, y: output(index), ...sizes }))];
  },
};

const webgpu: GpuKernel<None> = {
  name: 'columns',
  scratch: (step) => planOf(step, 'webgpu').scratch,
  lower: (step) => {
    const { rows, columns, parts: count, length, targets } = planOf(step, 'webgpu');
    const isWide = columns % 4 === 0 && rows * columns > 0; // an empty buffer is too small for a vec4 binding
    const width = isWide ? columns / 4 : columns;
    const [sums, products] = targets;
    const given = isWeighted(step.inputs) ? { weights: input(2) } : { h: input(2) };
    const first = elementDispatch(
      shader,
      isWeighted(step.inputs) ? 'column_moments' : 'column_products',
      count * width,
      {
        bindings: { x: input(0), center: input(1), ...given, sums, products },
        uniforms: { rows, columns: width, parts: count, part_rows: length },
        ...(isWide && { blocks: { vector: 'alias Vector = vec4<f32>;' } }),
      },
    );
    const sizes = { outer: 1, reduce: count, inner: columns };
    const others = count === 1 ? [] : step.outputs.map((_, index) => index);
    return [first, ...others.map((index) => reducePass(sizes, 1, 0, 1, targets[index]!, output(index)))];
  },
};

function reference({ inputs, inputTypes, outputs }: ReferenceContext<None>): void {
  const [x, center, weights] = inputs as [Float64Array, Float64Array, Float64Array];
  const { rows, columns } = rowSizes(inputTypes[0]!);
  for (let column = 0; column < columns; column++) {
    let [total, products] = [0, 0];
    for (let row = 0; row < rows; row++) {
      const at = row * columns + column;
      const e = x[at]! - center[column]!;
      const h = isWeighted(inputTypes) ? weights[row]! * e : weights[at]!;
      total += h;
      products += h * e;
    }
    outputs[0]![column] = withinFloat32(total);
    if (outputs[1]) outputs[1][column] = withinFloat32(products); // overflow gives infinity, as on the devices
  }
}

/**
 * Σ h over all rows, where h is weights · (x − center), or `weights` itself if it has x's shape.
 *
 * @param x float32 [..., columns]; all axes except the last form the rows
 * @param center float32 [columns]
 * @param weights float32 of x's shape, or of x's shape without the last axis
 * @returns float32 [columns]; `columnProducts` returns the second result of the pass
 * @throws ShapeError for a center or weights of other shapes
 */
export const columnSums: OpFunction<
  [x: Node, center: Node, weights: Node],
  StructuredOp<None>
> = /* @__PURE__ */ structured<None, [x: Node, center: Node, weights: Node]>(
  {
    name: 'columnSums',
    infer,
    parts: (inputs) => [infer(inputs)],
    gradient: ({ inputs, upstream }) => {
      const [x, center, weights] = inputs as [Node, Node, Node];
      if (!isWeighted(inputs)) return [null, null, upstream];
      const dx = mul(expandDims(weights, -1), upstream);
      return [dx, neg(mul(upstream, sum(weights))), sum(mul(sub(x, center), upstream), -1)];
    },
    kernels: { wasm: [wasm], webgpu: [webgpu] },
    reference,
  },
  (node, x, center, weights) => node([x, center, weights], {}),
);

/**
 * Σ h·(x − center) over all rows, from the pass that computed `sums`. The inputs of that pass are inputs of this op too,
 * so that they receive gradients.
 *
 * @param sums the result of `columnSums`
 * @returns float32 [columns]
 */
export const columnProducts: OpFunction<[sums: Node], AliasOp<None>> = /* @__PURE__ */ alias<None, [sums: Node]>(
  {
    name: 'columnProducts',
    infer: ([products]) => products!,
    gradient: ({ inputs, upstream }) => {
      const [products, x, center, weights] = inputs as [Node, Node, Node, Node];
      const [sums] = products.inputs as [Node];
      // Written as a sum so that it does not share the forward pass's x − center, which would stay in memory until here.
      const e = add(x, neg(center));
      if (!isWeighted(sums.inputs)) return [null, mul(weights, upstream), neg(mul(upstream, sums)), mul(e, upstream)];
      const twice = mul(upstream, 2);
      const dx = mul(mul(expandDims(weights, -1), e), twice);
      return [null, dx, neg(mul(twice, sums)), sum(mul(square(e), upstream), -1)];
    },
  },
  (node, sums) => node([...parts(sums), ...sums.inputs], {}),
);
