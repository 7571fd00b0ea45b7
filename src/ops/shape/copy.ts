/** The copy that the compiler inserts where a value must outlive the memory that holds it. */
import { stridedCopy } from '../../generated/shaders/strided-copy.ts';
import { copyKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import { bytesPerElement } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import type { Attributes, StructuredOp } from '../../graph/op.ts';
import { elementDispatch } from '../dispatch.ts';
import { structured } from '../define.ts';
import type { OpFunction } from '../define.ts';

/** Copies x to new memory. Any dtype and shape. */
export const copy: OpFunction<[x: Node], StructuredOp> = /* @__PURE__ */ structured<Attributes, [x: Node]>(
  {
    name: 'copy',
    infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    gradient: ({ upstream }) => [upstream],
    kernels: {
      wasm: [
        {
          name: 'bytes',
          lower: ({ outputs: [type] }) => {
            const bytes = sizeOf(type!.shape) * bytesPerElement[type!.dtype];
            return [call(copyKernel, { source: input(0), target: output(0), bytes })];
          },
        },
      ],
      webgpu: [
        {
          name: 'words',
          lower: ({ outputs: [type] }) => {
            const words = Math.ceil((sizeOf(type!.shape) * bytesPerElement[type!.dtype]) / 4);
            const bindings = { x: input(0), y: output(0) };
            return [elementDispatch(stridedCopy, 'copy', words, { bindings, uniforms: { size: words } })];
          },
        },
      ],
    },
    reference: ({ inputs, outputs }) => outputs[0]!.set(inputs[0]!),
  },
  (node, x) => node([x], {}),
);
