/**
 * Detection of NaN and infinity during training. For each watched value, records the first step at which it was not
 * finite. The flags are read back with the metrics; a check costs one pass over the values.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../../core/shape.ts';
import { finite } from '../../generated/shaders/finite.ts';
import { firstNonFiniteKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { Dispatch, Operand } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp, TensorType } from '../../graph/op.ts';
import { elementThreads } from '../dispatch.ts';
import { requireDType, requireRank, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';

type None = Record<string, never>;

function infer([flags, step, ...values]: readonly TensorType[]): TensorType {
  requireDType('firstNonFinite, flags', flags!.dtype, 'int32');
  requireDType('firstNonFinite, step', step!.dtype, 'int32');
  requireRank('firstNonFinite', 'step', step!.shape, 0);
  for (const { dtype } of values) requireDType('firstNonFinite', dtype, 'float32');
  if (!sameShape(flags!.shape, [values.length])) {
    throw new ShapeError(
      `firstNonFinite: flags must be ${formatShape([values.length])}, one for each value, not ${formatShape(flags!.shape)}`,
    );
  }
  return flags!;
}

/** Limited by the shader's bindings. */
const valuesPerDispatch = 6;

/** A dispatch that checks the values from index `place` on. Each thread checks at least `least` elements. */
function lookAt(values: readonly TensorType[], place: number, least: number): Dispatch {
  const bindings: Record<string, Operand> = { step: input(1), flags: output(0) };
  const uniforms: Record<string, number> = { place };
  for (let index = 0; index < valuesPerDispatch; index++) {
    const value = values[place + index];
    bindings[`value${index}`] = input(2 + place + (value ? index : 0)); // a missing value is not read
    uniforms[`size${index}`] = value ? sizeOf(value.shape) : 0;
  }
  const most = Math.max(...values.slice(place, place + valuesPerDispatch).map(({ shape }) => sizeOf(shape)));
  const grid = [Math.min(Math.ceil(most / (elementThreads * least)), 1024), 1, 1] as const;
  return {
    shader: finite,
    entry: 'first_non_finite',
    bindings,
    uniforms,
    constants: { threads: elementThreads },
    grid,
  };
}

/**
 * Sets flag i to `step` if it is negative and value i has an element that is NaN or infinite.
 *
 * @param flags int32 [n], initially negative; updated in place
 * @param step int32 scalar
 * @param values n float32 tensors
 * @returns the flags, int32 [n]
 * @throws ShapeError unless there is one flag for each value
 */
export const firstNonFinite: OpFunction<
  [flags: Node, step: Node, ...values: Node[]],
  StructuredOp<None>
> = /* @__PURE__ */ structured<None, [flags: Node, step: Node, ...values: Node[]]>(
  {
    name: 'firstNonFinite',
    infer,
    gradient: null, // a monitor without influence on the loss
    inPlace: 0,
    kernels: {
      wasm: [
        {
          name: 'scan',
          lower: ({ inputs }) =>
            inputs.slice(2).map(({ shape }, index) =>
              call(firstNonFiniteKernel, {
                x: input(index + 2),
                count: sizeOf(shape),
                flag: output(0, 4 * index),
                step: input(1),
              }),
            ),
        },
      ],
      webgpu: [
        {
          name: 'scan',
          lower: ({ inputs, device }) => {
            const least = device?.softwareQuads ? 64 : 4;
            const values = inputs.slice(2);
            return Array.from({ length: Math.ceil(values.length / valuesPerDispatch) }, (_, index) =>
              lookAt(values, index * valuesPerDispatch, least),
            );
          },
        },
      ],
    },
    reference: ({ inputs: [, step, ...values], outputs }) =>
      values.forEach((value, index) => {
        const isFinite = value.every((element) => Number.isFinite(Math.fround(element))); // devices store float32
        if (outputs[0]![index]! < 0 && !isFinite) outputs[0]![index] = step![0]!;
      }),
  },
  (node, flags, step, ...values) => node([flags, step, ...values], {}),
);
