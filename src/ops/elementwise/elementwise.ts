/**
 * The op of a fused chain of element-wise ops. Only the compiler's fuse pass creates it: each chain of ops such as `add`
 * and `tanh` becomes one step with one kernel that reads every input and writes every output once.
 */
import { InternalError } from '../../core/errors.ts';
import { broadcastStrides, sizeOf, stridesOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Chain } from '../../graph/chain.ts';
import type { Attributes, ReferenceContext, StructuredOp } from '../../graph/op.ts';
import { lowerChain } from './elementwise-wasm.ts';
import { lowerChainDispatch } from './elementwise-wgsl.ts';

// A type, not an interface: attributes are index-signature records.
export type ChainAttributes = { readonly chain: Chain };

/** Evaluates the chain element by element. Broadcast strides locate the element of each input. */
function reference({
  attributes: { chain },
  inputs,
  inputTypes,
  outputs,
  outputTypes,
}: ReferenceContext<ChainAttributes>) {
  const { shape } = outputTypes[0]!;
  const indices = inputTypes.map((type) => broadcastIndices(type.shape, shape));
  const values = new Float64Array(chain.inputCount + chain.instructions.length);
  for (let element = 0; element < sizeOf(shape); element++) {
    inputs.forEach((from, index) => (values[index] = from[indices[index]![element]!]!));
    chain.instructions.forEach(({ op, attributes, arguments: list }, index) => {
      const [x = 0, y = 0, z = 0] = list.map((argument) =>
        'value' in argument ? values[argument.value]! : argument.constant,
      );
      values[chain.inputCount + index] = op.reference(attributes, x, y, z);
    });
    chain.outputs.forEach((value, index) => {
      const truncate = outputTypes[index]!.dtype === 'int32';
      outputs[index]![element] = truncate ? Math.trunc(values[value]!) : values[value]!;
    });
  }
}

/** For each element of `to` in row-major order, the index of the element of `from` that broadcasts to it. */
function broadcastIndices(from: Shape, to: Shape): Int32Array {
  const strides = broadcastStrides(from, to);
  const counts = stridesOf(to);
  return Int32Array.from({ length: sizeOf(to) }, (_, element) =>
    to.reduce((sum, size, axis) => sum + (Math.floor(element / counts[axis]!) % size) * strides[axis]!, 0),
  );
}

export const elementwiseOp: StructuredOp<ChainAttributes & Attributes> = {
  name: 'elementwise',
  kind: 'structured',
  isChain: true,
  inPlaceSafe: true,
  infer: () => {
    throw new InternalError('elementwise: made by the fuse pass only, which knows the type of each output');
  },
  gradient: null, // autodiff runs before chains are fused
  kernels: {
    wasm: [{ name: 'chain', lower: (step) => [lowerChain(step.attributes.chain, step)] }],
    webgpu: [{ name: 'skeleton', lower: (step) => [lowerChainDispatch(step.attributes.chain, step)] }],
  },
  reference,
};
