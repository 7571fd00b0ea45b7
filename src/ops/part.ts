/**
 * The secondary outputs of a structured op as nodes: values that the forward pass stores for its gradient. The compiler
 * turns them into outputs of the op's own step (`src/compiler/passes/5-fuse.ts`).
 */
import { createNode } from '../graph/node.ts';
import type { Node } from '../graph/node.ts';
import type { PartOp, StructuredOp } from '../graph/op.ts';
import type { Shape } from '../core/shape.ts';

export type PartAttributes = { readonly index: number; readonly shape: Shape };

export const partOp: PartOp<PartAttributes> = {
  name: 'part',
  kind: 'part',
  infer: (_, { shape }) => ({ shape, dtype: 'float32' }),
  gradient: null, // the op's own gradient rule covers all of its outputs
};

/** One node for each part that the op of `node` declares. All parts are float32. */
export function parts(node: Node): Node[] {
  const op = node.op as StructuredOp;
  const types = op.parts?.(node.inputs, node.attributes) ?? [];
  return types.map(({ shape }, index) => createNode(partOp as PartOp, [node], { index, shape }));
}
