/** Evaluates a scalar graph on the host with the float64 reference of each op. Needs no engine. */
import { InternalError } from '../core/errors.ts';
import { fillValue } from '../graph/node.ts';
import type { Node } from '../graph/node.ts';
import { topologicalOrder } from '../graph/traverse.ts';

/** @param node a graph that contains only element-wise ops and scalar constants */
export function evaluateScalar(node: Node): number {
  const values = new Map<Node, number>();
  for (const current of topologicalOrder([node])) {
    const { op, attributes } = current;
    const [x = 0, y = 0, z = 0] = current.inputs.map((input) => values.get(input)!);
    const value = op.kind === 'elementwise' ? op.reference(attributes, x, y, z) : fillValue(current);
    if (value === undefined) throw new InternalError(`evaluateScalar: ${op.name} is neither element-wise nor a number`);
    values.set(current, value);
  }
  return values.get(node)!;
}
