/** Counters in device state: the training step, the cursor into the data and an optimizer's time step. */
import { integer } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sizeOf } from '../../core/shape.ts';
import { counter } from '../../generated/shaders/counter.ts';
import { incrementKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';

export type IncrementAttributes = { readonly by: number };

/**
 * Adds an integer to a counter: x + by in int32. For the update of a variable.
 *
 * @param x int32 with one element; updated in place
 * @param by any int32. Default 1.
 * @returns x + by, int32 of x's shape
 * @throws ShapeError unless x has one element; DTypeError unless x is int32
 * @example const updates = [[step, increment(step)]]; // adds 1 to the variable `step` in each run
 */
export const increment: OpFunction<
  [x: TensorLike, by?: number],
  StructuredOp<IncrementAttributes>
> = /* @__PURE__ */ checkedOp(
  { x: operand, by: /* @__PURE__ */ integer(-(2 ** 31), 2 ** 31 - 1) },
  /* @__PURE__ */ structured<IncrementAttributes, [x: Node, by?: number]>(
    {
      name: 'increment',
      infer: ([x]) => {
        requireDType('increment', x!.dtype, 'int32');
        if (sizeOf(x!.shape) !== 1) {
          throw new ShapeError(`increment: takes one element, not ${formatShape(x!.shape)}`);
        }
        return x!;
      },
      gradient: null, // integers have no gradient
      inPlace: 0,
      kernels: {
        wasm: [
          {
            name: 'increment',
            lower: ({ attributes: { by } }) => [call(incrementKernel, { source: input(0), target: output(0), by })],
          },
        ],
        webgpu: [
          {
            name: 'increment',
            lower: ({ attributes: { by } }) => [
              {
                shader: counter,
                entry: 'increment',
                bindings: { y: output(0) },
                uniforms: { by },
                grid: [1, 1, 1],
              },
            ],
          },
        ],
      },
      reference: ({ attributes: { by }, outputs }) => {
        outputs[0]![0]! += by;
      },
    },
    (node, x, by = 1) => node([x], { by }),
  ),
);
