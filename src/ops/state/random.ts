/**
 * Random values in the graph. They are a pure function of a key, the element's index and the step, so every backend draws
 * the same bits and a step can be repeated. The generator is in `src/core/random.ts`.
 */
import { uniform } from '../../core/random.ts';
import { ValueError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import { random } from '../../generated/shaders/random.ts';
import { dropoutMaskKernel, randomUniformKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { StructuredOp, TensorType } from '../../graph/op.ts';
import { elementDispatch } from '../dispatch.ts';
import { requireDType, requireRank, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';

/** `key0` and `key1` are 32-bit words, as returned by `deriveKey`. */
export type RandomAttributes = { readonly shape: Shape; readonly key0: number; readonly key1: number };
export type DropoutAttributes = RandomAttributes & { readonly rate: number };

function inferRandom(op: string, [step]: readonly TensorType[], { shape }: RandomAttributes): TensorType {
  requireDType(`${op}, step`, step!.dtype, 'int32');
  requireRank(op, 'step', step!.shape, 0);
  return { shape, dtype: 'float32' };
}

type RandomArguments = [shape: Shape, key: Omit<RandomAttributes, 'shape'>, step: Node];
type DropoutArguments = [shape: Shape, options: Omit<DropoutAttributes, 'shape'>, step: Node];

/**
 * Uniform random values in [0, 1), multiples of 2⁻²⁴, equal to `uniform(key, count, step)`.
 *
 * @param shape the shape of the result
 * @param key two 32-bit words
 * @param step int32 scalar; each value gives a different draw
 * @returns float32 of `shape`
 */
export const randomUniform: OpFunction<RandomArguments, StructuredOp<RandomAttributes>> = /* @__PURE__ */ structured<
  RandomAttributes,
  RandomArguments
>(
  {
    name: 'randomUniform',
    infer: (inputs, attributes) => inferRandom('randomUniform', inputs, attributes),
    gradient: null, // depends only on an integer
    kernels: {
      wasm: [
        {
          name: 'threefry',
          lower: ({ outputs, attributes: { key0, key1 } }) => [
            call(randomUniformKernel, {
              out: output(0),
              count: sizeOf(outputs[0]!.shape),
              key0,
              key1,
              step: input(0),
            }),
          ],
        },
      ],
      webgpu: [
        {
          name: 'threefry',
          lower: ({ outputs, attributes: { key0, key1 } }) => {
            const size = sizeOf(outputs[0]!.shape);
            const rest = { bindings: { step: input(0), y: output(0) }, uniforms: { size, key0, key1 } };
            return [elementDispatch(random, 'random', Math.ceil(size / 2), rest)];
          },
        },
      ],
    },
    reference: ({ attributes: { shape, key0, key1 }, inputs, outputs }) =>
      outputs[0]!.set(uniform([key0, key1], sizeOf(shape), inputs[0]![0])),
  },
  (node, shape, { key0, key1 }, step) => node([step], { shape: [...shape], key0, key1 }),
);

/**
 * A dropout mask: 0 with probability `rate`, otherwise 1 / (1 − rate), so that multiplication by it preserves the mean.
 * An element is retained where its draw of `randomUniform` is ≥ rate in float32.
 *
 * @param shape the shape of the result
 * @param options the rate and two 32-bit key words
 * @param step int32 scalar; each value gives a different draw
 * @returns float32 of `shape`
 * @throws ValueError unless 0 ≤ rate < 1
 */
export const dropoutMask: OpFunction<DropoutArguments, StructuredOp<DropoutAttributes>> = /* @__PURE__ */ structured<
  DropoutAttributes,
  DropoutArguments
>(
  {
    name: 'dropoutMask',
    infer: (inputs, attributes) => {
      const { rate } = attributes;
      if (!(rate >= 0 && rate < 1))
        throw new ValueError(`dropoutMask: rate must be at least 0 and below 1, not ${rate}`);
      return inferRandom('dropoutMask', inputs, attributes);
    },
    gradient: null, // depends only on an integer
    kernels: {
      wasm: [
        {
          name: 'threefry',
          lower: ({ outputs, attributes: { key0, key1, rate } }) => [
            call(dropoutMaskKernel, {
              out: output(0),
              count: sizeOf(outputs[0]!.shape),
              key0,
              key1,
              step: input(0),
              rate,
            }),
          ],
        },
      ],
      webgpu: [
        {
          name: 'threefry',
          lower: ({ outputs, attributes: { key0, key1, rate } }) => {
            const size = sizeOf(outputs[0]!.shape);
            const threshold = Math.fround(rate);
            const uniforms = { size, key0, key1, threshold, kept: 1 / (1 - threshold) };
            const bindings = { step: input(0), y: output(0) };
            const constants = { dropout: 1 };
            return [elementDispatch(random, 'random', Math.ceil(size / 2), { bindings, uniforms, constants })];
          },
        },
      ],
    },
    reference: ({ attributes: { shape, key0, key1, rate }, inputs, outputs }) => {
      const threshold = Math.fround(rate);
      uniform([key0, key1], sizeOf(shape), inputs[0]![0]).forEach((draw, place) => {
        outputs[0]![place] = draw >= threshold ? 1 / (1 - threshold) : 0;
      });
    },
  },
  (node, shape, { rate, key0, key1 }, step) => node([step], { shape: [...shape], key0, key1, rate }),
);
