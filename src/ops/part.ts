/**
 * The further results of a structured op, as nodes: what a forward pass keeps for its gradient. The compiler makes them
 * outputs of the op's own step (`src/compiler/passes/5-fuse.ts`).
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
  gradient: null, // the op's own rule answers for everything that it gives
};

/** Every part of `node`, whose op names them; float32. */
export function parts(node: Node): Node[] {
  const op = node.op as StructuredOp;
  const types = op.parts?.(node.inputs, node.attributes) ?? [];
  return types.map(({ shape }, index) => createNode(partOp as PartOp, [node], { index, shape }));
}
