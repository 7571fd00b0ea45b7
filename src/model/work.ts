/** How much a training step computes, so that a backend can be chosen before there is one. */
import { sizeOf } from '../core/shape.ts';
import { isVariable } from '../graph/node.ts';
import type { Node } from '../graph/node.ts';
import { topologicalOrder } from '../graph/traverse.ts';
import { constant, variable } from '../ops/define.ts';
import type { Topology } from '../nn/topology.ts';

/** Multiply-adds of one step over `batch` samples: those of the forward pass three times, for its two gradients. */
export function multiplyAdds(topology: Topology, batch: number): number {
  const inputs = topology.specs.map(({ shape, dtype }) => variable([batch, ...shape], { dtype }));
  const { outputs } = topology.forward(inputs, { training: false, iterations: constant(0, [], 'int32') });
  return 3 * topologicalOrder(outputs).reduce((total, node) => total + ofNode(node), 0);
}

/** A product sums over what the output does not show of its second factor; a lookup multiplies nothing. */
function ofNode(node: Node): number {
  const [x, weights] = node.inputs;
  if (node.op.name === 'matmul') {
    return sizeOf(node.shape) * (x!.shape.at(node.attributes['transposeA'] === true ? -2 : -1) ?? 1);
  }
  // The recurrent kernel meets every gate of every step: its first input has them all.
  if (node.op.name === 'recurrent') return sizeOf(x!.shape) * weights!.shape[0]!;
  if (node.op.kind !== 'structured' || !weights || !isVariable(weights) || weights.shape.length < 2) return 0;
  return sizeOf(node.shape) * (sizeOf(weights.shape) / (weights.shape.at(-1) || 1));
}
