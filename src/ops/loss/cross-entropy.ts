/**
 * Softmax and cross-entropy in one op, computed from logits: the loss of a classifier, without taking the logarithm of a
 * rounded probability. Labels are rows of probabilities, or one class index per row.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { softmaxCrossEntropyKernel, sparseSoftmaxCrossEntropyKernel } from '../../generated/wasm/kernels.ts';
import type { CrossEntropyWords } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { KernelBinding } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { ReferenceContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { mul, neg, sub } from '../elementwise/arithmetic.ts';
import { oneHot } from '../indexing/one-hot.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { sum } from '../reduce/reduce.ts';
import { reshape } from '../shape/reshape.ts';
import { logSoftmaxRow } from '../elementwise/reference-math.ts';
import { logSoftmax, rowSizes, softmax, softmaxKernels } from '../norm/softmax.ts';

type None = Record<string, never>;
type LossOp = OpFunction<[labels: TensorLike, logits: TensorLike], StructuredOp<None>>;

function lossOp(
  name: string,
  kernel: KernelBinding<CrossEntropyWords>,
  record: Pick<StructuredOp<None>, 'infer' | 'gradient' | 'reference'>,
): LossOp {
  const op = structured<None, [labels: Node, logits: Node]>(
    {
      name,
      ...record,
      kernels: {
        wasm: [
          {
            name: 'rows',
            lower: ({ inputs }) => [
              call(kernel, { logits: input(1), labels: input(0), loss: output(0), ...rowSizes(inputs[1]!) }),
            ],
          },
        ],
        webgpu: softmaxKernels(name === 'softmaxCrossEntropy' ? 2 : 3, 1),
      },
    },
    (node, labels, logits) => node([labels, logits], {}),
  );
  return checkedOp({ labels: operand, logits: operand }, op);
}

function inferDense([labels, logits]: readonly TensorType[]): TensorType {
  for (const { dtype } of [labels!, logits!]) requireDType('softmaxCrossEntropy', dtype, 'float32');
  if (logits!.shape.length === 0 || !sameShape(labels!.shape, logits!.shape)) {
    throw new ShapeError(
      `softmaxCrossEntropy: labels ${formatShape(labels!.shape)} and logits ${formatShape(logits!.shape)} must both be ` +
        `[..., classes]: for class numbers use sparseSoftmaxCrossEntropy()`,
    );
  }
  return { shape: logits!.shape.slice(0, -1), dtype: 'float32' };
}

function referenceDense({ inputs: [labels, logits], inputTypes, outputs }: ReferenceContext<None>): void {
  const { rows, columns } = rowSizes(inputTypes[1]!);
  for (let row = 0; row < rows; row++) {
    let loss = 0;
    logSoftmaxRow(logits!, row * columns, columns).forEach((logarithm, column) => {
      const label = labels![row * columns + column]!;
      if (label !== 0) loss -= label * logarithm; // the log-probability may be −∞ where the label is 0
    });
    outputs[0]![row] = loss;
  }
}

/**
 * The cross-entropy −Σ labels · logSoftmax(logits) over the last axis. The labels do not have to sum to 1.
 *
 * @param labels float32 [..., classes]
 * @param logits float32 [..., classes]
 * @returns float32 [...], one loss per row
 * @throws ShapeError when the shapes differ; DTypeError unless both are float32
 * @example mean(softmaxCrossEntropy(oneHot(labels, 10), logits));
 */
export const softmaxCrossEntropy: LossOp = /* @__PURE__ */ lossOp('softmaxCrossEntropy', softmaxCrossEntropyKernel, {
  infer: inferDense,
  gradient: ({ inputs, upstream }) => {
    const [labels, logits] = inputs as [Node, Node];
    const weight = reshape(upstream, [...upstream.shape, 1]);
    const slope = sub(mul(softmax(logits), sum(labels, -1, true)), labels);
    return [neg(mul(weight, logSoftmax(logits))), mul(weight, slope)];
  },
  reference: referenceDense,
});

function inferSparse([labels, logits]: readonly TensorType[]): TensorType {
  requireDType('sparseSoftmaxCrossEntropy, labels', labels!.dtype, 'int32');
  requireDType('sparseSoftmaxCrossEntropy, logits', logits!.dtype, 'float32');
  if (logits!.shape.length === 0 || !sameShape(labels!.shape, logits!.shape.slice(0, -1))) {
    throw new ShapeError(
      `sparseSoftmaxCrossEntropy: labels ${formatShape(labels!.shape)} do not fit logits ${formatShape(logits!.shape)}: ` +
        `give one class number for each row of logits [..., classes]`,
    );
  }
  return { shape: labels!.shape, dtype: 'float32' };
}

function referenceSparse({ inputs: [labels, logits], inputTypes, outputs }: ReferenceContext<None>): void {
  const { rows, columns } = rowSizes(inputTypes[1]!);
  for (let row = 0; row < rows; row++) {
    const label = labels![row]!;
    const inside = label >= 0 && label < columns;
    outputs[0]![row] = inside ? -logSoftmaxRow(logits!, row * columns, columns)[label]! : NaN;
  }
}

/**
 * The cross-entropy of class indices: −logSoftmax(logits) at the label's index. A label outside 0 … classes − 1 gives
 * NaN.
 *
 * @param labels int32 [...]
 * @param logits float32 [..., classes]
 * @returns float32 [...], one loss per row
 * @throws ShapeError unless there is one label for each row of logits; DTypeError for other dtypes
 * @example mean(sparseSoftmaxCrossEntropy(labels, logits));
 */
export const sparseSoftmaxCrossEntropy: LossOp = /* @__PURE__ */ lossOp(
  'sparseSoftmaxCrossEntropy',
  sparseSoftmaxCrossEntropyKernel,
  {
    infer: inferSparse,
    gradient: ({ inputs, upstream }) => {
      const [labels, logits] = inputs as [Node, Node];
      const slope = sub(softmax(logits), oneHot(labels, logits.shape.at(-1)!));
      return [null, mul(reshape(upstream, [...upstream.shape, 1]), slope)];
    },
    reference: referenceSparse,
  },
);
