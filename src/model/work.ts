/** Estimates the work of a training step, which decides the backend before an engine exists. */
import { sizeOf } from '../core/shape.ts';
import { isVariable } from '../graph/node.ts';
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

/** Multiply-adds of one op: output size × contracted dimension. Ops without a 2-D weight, such as lookups, count as 0. */
function ofNode(node: Node): number {
  const [x, weights] = node.inputs;
  if (node.op.name === 'matmul') {
    return sizeOf(node.shape) * (x!.shape.at(node.attributes['transposeA'] === true ? -2 : -1) ?? 1);
  }
  // Each gate value is a dot product of the state and a column of the recurrent kernel. The first input has all gate values.
  if (node.op.name === 'recurrent') return sizeOf(x!.shape) * weights!.shape[0]!;
  if (node.op.kind !== 'structured' || !weights || !isVariable(weights) || weights.shape.length < 2) return 0;
  return sizeOf(node.shape) * (sizeOf(weights.shape) / (weights.shape.at(-1) || 1));
}
