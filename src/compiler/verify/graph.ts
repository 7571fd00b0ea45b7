/**
 * Checks a graph after each pass that rewrites nodes, if a verifier is installed: every type must still follow from the
 * inputs, and inputs must be older than their users.
 */
import { GradletError, InternalError } from '../../core/errors.ts';
import { sameShape } from '../../core/shape.ts';
import { isVariable } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import type { TensorType } from '../../graph/op.ts';
import { roots, topologicalOrder } from '../../graph/traverse.ts';

export function verifyGraph(graph: Graph): void {
  for (const node of topologicalOrder(roots(graph))) {
    if (node.op.kind === 'leaf') continue;
    const type = inferAgain(node);
    if (!sameShape(type.shape, node.shape) || type.dtype !== node.dtype) {
      throw new InternalError(`verify: node ${node.id} (${node.op.name}) has a type that its inputs do not give`);
    }
    for (const input of node.inputs) {
      if (input.id >= node.id && !isVariable(input)) {
        throw new InternalError(`verify: node ${node.id} (${node.op.name}) reads node ${input.id}, which is younger`);
      }
    }
  }
}

function inferAgain(node: Node): TensorType {
  try {
    return node.op.infer(node.inputs, node.attributes);
  } catch (error) {
    if (!(error instanceof GradletError)) throw error;
    throw new InternalError(`verify: node ${node.id} (${node.op.name}) is no longer valid: ${error.message}`, {
      cause: error,
    });
  }
}
