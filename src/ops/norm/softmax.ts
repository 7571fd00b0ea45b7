/** Softmax and its logarithm over the last axis. A kernel sees [rows, columns]; nothing overflows for any finite logits. */
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

export interface RowSizes {
  readonly rows: number;
  readonly columns: number;
}

export function rowSizes({ shape }: TensorType): RowSizes {
  return { rows: sizeOf(shape.slice(0, -1)), columns: shape.at(-1)! };
}

/** The kernels of the shader, which does cross-entropy too, by its kind. `x` is the place of the rows among the inputs; labels are first. */
export function softmaxKernels(kind: number, x: number): readonly GpuKernel<None>[] {
  return withSubgroups({
    name: 'rows',
    lower: ({ inputs }) => {
      const uniforms = { ...rowSizes(inputs[x]!) };
      const { rows, columns } = uniforms;
      const lanes = columns <= 16 ? 1 : columns <= 256 ? 8 : rowThreads; // the longer the rows, the more threads share one
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
 * exp(x) divided by its sum over the last axis.
 *
 * @param x float32 [..., classes]
 * @throws ShapeError for a scalar
 */
export const softmax: RowOp = /* @__PURE__ */ rowOp(
  'softmax',
  softmaxKernel,
  ({ output: y, upstream }) => [mul(y, sub(upstream, sum(mul(upstream, y), -1, true)))],
  Math.exp,
  { probabilities: 'rows' },
);

/**
 * x minus the logarithm of the sum of exp(x) over the last axis.
 *
 * @param x float32 [..., classes]
 * @throws ShapeError for a scalar
 */
export const logSoftmax: RowOp = /* @__PURE__ */ rowOp(
  'logSoftmax',
  logSoftmaxKernel,
  ({ inputs: [x], upstream }) => [sub(upstream, mul(softmax(x!), sum(upstream, -1, true)))],
  (logarithm) => logarithm,
);
