/** Estimates the work of a training step, which decides the backend before an engine exists. */
import type { Node } from '../graph/node.ts';
import { topologicalOrder } from '../graph/traverse.ts';
import { constant, variable } from '../ops/define.ts';
import type { Topology } from '../nn/topology.ts';

/** Multiply-adds of one training step over `batch` samples: 3 × the forward pass, because each product has two gradients. */
export function multiplyAdds(topology: Topology, batch: number): number {
  const inputs = topology.specs.map(({ shape, dtype }) => variable([batch, ...shape], { dtype }));
  const { outputs } = topology.forward(inputs, { training: false, iterations: constant(0, [], 'int32') });
  return 3 * topologicalOrder(outputs).reduce((total, node) => total + ofNode(node), 0);
}

function ofNode({ op, inputs, attributes, ...output }: Node): number {
  return op.kind === 'structured' ? (op.cost?.(inputs, output, attributes) ?? 0) : 0;
}
