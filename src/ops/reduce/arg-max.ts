/** The index of the maximum along an axis, for predictions and accuracy. */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, normalizeAxis } from '../../core/shape.ts';
import { argMax as argMaxShader } from '../../generated/shaders/arg-max.ts';
import { argmaxKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { ReferenceContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { axis, operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { elementDispatch, foldedGrid } from '../dispatch.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { reduceSizes } from './reduce.ts';
import type { ReduceSizes } from './reduce.ts';

export type ArgMaxAttributes = { readonly axis: number };

export function argMaxSizes(x: TensorType, { axis }: ArgMaxAttributes): ReduceSizes {
  return reduceSizes(x, { first: axis, last: axis + 1 });
}

function infer([x]: readonly TensorType[], { axis }: ArgMaxAttributes): TensorType {
  const { shape, dtype } = x!;
  requireDType('argMax', dtype, 'float32');
  if (shape[axis] === 0) throw new ShapeError(`argMax: axis ${axis} of ${formatShape(shape)} has no elements`);
  return { shape: shape.filter((_, at) => at !== axis), dtype: 'int32' };
}

function reference({ attributes, inputs, inputTypes, outputs }: ReferenceContext<ArgMaxAttributes>): void {
  const { outer, reduce, inner } = argMaxSizes(inputTypes[0]!, attributes);
  for (let row = 0; row < outer; row++) {
    for (let column = 0; column < inner; column++) {
      const value = (index: number): number => inputs[0]![(row * reduce + index) * inner + column]!;
      let best = 0;
      for (let index = 1; index < reduce; index++) {
        const better = value(index) > value(best) || Number.isNaN(value(index));
        if (better && !Number.isNaN(value(best))) best = index;
      }
      outputs[0]![row * inner + column] = best;
    }
  }
}

/**
 * The index of the maximum along an axis. The first of equal elements wins; if there are NaNs, the first NaN. Has no
 * gradient.
 *
 * @param x float32
 * @param axis negative axes count from the end. Default: the last axis.
 * @returns int32 of x's shape without the axis
 * @throws ShapeError for an axis that does not exist or has no elements; DTypeError unless x is float32
 * @example argMax(tensor([[1, 3, 2], [6, 5, 4]])); // [1, 0]
 */
export const argMax: OpFunction<
  [x: TensorLike, axis?: number],
  StructuredOp<ArgMaxAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, axis },
  /* @__PURE__ */ structured<ArgMaxAttributes, [x: Node, axis?: number]>(
    {
      name: 'argMax',
      infer,
      gradient: null, // an index has no derivative
      kernels: {
        wasm: [
          {
            name: 'argmax',
            lower: ({ inputs, attributes }) => [
              call(argmaxKernel, { x: input(0), y: output(0), ...argMaxSizes(inputs[0]!, attributes) }),
            ],
          },
        ],
        webgpu: [
          {
            name: 'rows',
            when: ({ inputs, attributes }) => {
              const { reduce, inner } = argMaxSizes(inputs[0]!, attributes);
              return inner === 1 && reduce >= 64;
            },
            lower: ({ inputs, attributes }) => {
              const { outer, reduce, inner } = argMaxSizes(inputs[0]!, attributes);
              const uniforms = { count: outer, reduce, inner };
              const bindings = { x: input(0), y: output(0) };
              return [{ shader: argMaxShader, entry: 'arg_max_rows', bindings, uniforms, grid: foldedGrid(outer) }];
            },
          },
          {
            name: 'columns',
            lower: ({ inputs, attributes }) => {
              const { outer, reduce, inner } = argMaxSizes(inputs[0]!, attributes);
              const count = outer * inner;
              const rest = { bindings: { x: input(0), y: output(0) }, uniforms: { count, reduce, inner } };
              return [elementDispatch(argMaxShader, 'arg_max_columns', count, rest)];
            },
          },
        ],
      },
      reference,
    },
    (node, x, axis = -1) => node([x], { axis: normalizeAxis('argMax', axis, x.shape.length) }),
  ),
);
