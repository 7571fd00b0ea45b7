/** Counting in device state: the step, the cursor into the data, the time of an optimizer. */
import { ShapeError } from '../core/errors.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { counter } from '../generated/shaders/counter.ts';
import { input, output } from '../graph/kernel.ts';
import type { Node } from '../graph/node.ts';
import type { StructuredOp } from '../graph/op.ts';
import { trainingWasm } from '../generated/wasm/training.ts';
import { requireDType, requireInteger, structured } from './op.ts';
import type { OpFunction } from './op.ts';

export type IncrementAttributes = { readonly by: number };

/**
 * x + by, in whole numbers.
 *
 * @param x int32 of one element; changed in place
 * @param by any integer
 */
export const increment: OpFunction<
  [x: Node, by?: number],
  StructuredOp<IncrementAttributes>
> = /* @__PURE__ */ structured<IncrementAttributes, [x: Node, by?: number]>(
  {
    name: 'increment',
    infer: ([x], { by }) => {
      requireDType('increment', x!.dtype, 'int32');
      requireInteger('increment', 'by', by, -(2 ** 31));
      if (sizeOf(x!.shape) !== 1) {
        throw new ShapeError(`increment: takes one element, not ${formatShape(x!.shape)}`);
      }
      return x!;
    },
    gradient: null, // integers have none
    inPlace: 0,
    kernels: {
      wasm: [
        {
          name: 'increment',
          lower: ({ attributes: { by } }) => [
            { entry: 'increment', modules: [trainingWasm], words: [input(0), output(0), by] },
          ],
        },
      ],
      webgpu: [
        {
          name: 'increment',
          lower: ({ attributes: { by } }) => [
            {
              shader: counter,
              entry: 'increment',
              modules: [trainingWasm],
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
);
