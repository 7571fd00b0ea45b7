/** Softmax and log-softmax over the last axis. The kernels see [rows, columns] and do not overflow for finite logits. */
import { ShapeError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import { softmax as shader } from '../../generated/shaders/softmax.ts';
import { logSoftmaxKernel, softmaxKernel } from '../../generated/wasm/kernels.ts';
import type { SoftmaxWords } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { GpuKernel, KernelBinding } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { GradientRule, StructuredOp, TensorType } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { lanesDispatch, rowThreads, withSubgroups } from '../dispatch.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { sum } from '../reduce/reduce.ts';
import { logSoftmaxRow } from '../elementwise/reference-math.ts';

type None = Record<string, never>;
type RowOp = OpFunction<[x: TensorLike], StructuredOp<None>>;

/** Sizes of a tensor seen as [rows, columns]. */
export interface RowSizes {
  readonly rows: number;
  readonly columns: number;
}

/** Merges all axes except the last into rows. */
export function rowSizes({ shape }: TensorType): RowSizes {
  return { rows: sizeOf(shape.slice(0, -1)), columns: shape.at(-1)! };
}

/**
 * Kernels of the shader for softmax and cross-entropy, selected by `kind`. `x` is the input index of the rows; labels are
 * input 0.
 */
export function softmaxKernels(kind: number, x: number): readonly GpuKernel<None>[] {
  return withSubgroups({
    name: 'rows',
    lower: ({ inputs }) => {
      const uniforms = { ...rowSizes(inputs[x]!) };
      const { rows, columns } = uniforms;
      const lanes = columns <= 16 ? 1 : columns <= 256 ? 8 : rowThreads; // more threads for longer rows
      const bindings = { x: input(x), labels: input(0), y: output(0) };
      return [lanesDispatch(rows, lanes, { shader, entry: 'softmax', constants: { kind }, bindings, uniforms })];
    },
  });
}

function rowOp(
  name: string,
  kernel: KernelBinding<SoftmaxWords>,
  gradient: GradientRule<None>,
  value: (logarithm: number) => number,
  facts: Pick<StructuredOp, 'probabilities'> = {},
): RowOp {
  const op = structured<None, [x: Node]>(
    {
      name,
      ...facts,
      infer: ([x]) => {
        requireDType(name, x!.dtype, 'float32');
        if (x!.shape.length === 0) throw new ShapeError(`${name}: takes [..., classes], not a scalar`);
        return { shape: x!.shape, dtype: 'float32' };
      },
      gradient,
      kernels: {
        wasm: [
          {
            name: 'rows',
            lower: ({ inputs }) => [call(kernel, { x: input(0), y: output(0), ...rowSizes(inputs[0]!) })],
          },
        ],
        webgpu: softmaxKernels(Number(name === 'logSoftmax'), 0),
      },
      reference: ({ inputs, inputTypes, outputs }) => {
        const { rows, columns } = rowSizes(inputTypes[0]!);
        for (let start = 0; start < rows * columns; start += columns) {
          outputs[0]!.set(logSoftmaxRow(inputs[0]!, start, columns).map(value), start);
        }
      },
    },
    (node, x) => node([x], {}),
  );
  return checkedOp({ x: operand }, op);
}

/**
 * exp(x) / Σ exp(x) over the last axis. Does not overflow for finite x. A row with ∞ or NaN, or of −∞ only, gives NaN.
 *
 * @param x float32 [..., classes]
 * @returns float32 of x's shape
 * @throws ShapeError for a scalar; DTypeError unless x is float32
 * @example softmax(tensor([1, 2, 3])); // [0.09, 0.2447, 0.6652]
 */
export const softmax: RowOp = /* @__PURE__ */ rowOp(
  'softmax',
  softmaxKernel,
  ({ output: y, upstream }) => [mul(y, sub(upstream, sum(mul(upstream, y), -1, true)))],
  Math.exp,
  { probabilities: 'rows' },
);

/**
 * x − log Σ exp(x) over the last axis. More accurate than the logarithm of `softmax`.
 *
 * @param x float32 [..., classes]
 * @returns float32 of x's shape
 * @throws ShapeError for a scalar; DTypeError unless x is float32
 */
export const logSoftmax: RowOp = /* @__PURE__ */ rowOp(
  'logSoftmax',
  logSoftmaxKernel,
  ({ inputs: [x], upstream }) => [sub(upstream, mul(softmax(x!), sum(upstream, -1, true)))],
  (logarithm) => logarithm,
);
