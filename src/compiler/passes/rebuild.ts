/** Shared by the passes that rewrite nodes: rebuilds a graph from its leaves. */
import { replaceInputs } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import { roots, topologicalOrder } from '../../graph/traverse.ts';

/**
 * Rebuilds `graph`, replacing each reachable node by the result of `rule`.
 *
 * @param rule gets the node with its inputs already replaced, the original node, and a lookup of the replacement of any
 * earlier node
 */
export function rebuild(
  { outputs, updates }: Graph,
  rule: (node: Node, given: Node, get: (node: Node) => Node) => Node,
): Graph {
  const rebuilt = new Map<Node, Node>();
  const get = (node: Node): Node => rebuilt.get(node)!;
  for (const node of topologicalOrder(roots({ outputs, updates }))) {
    rebuilt.set(node, rule(replaceInputs(node, node.inputs.map(get)), node, get));
  }
  return {
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, get(node)])),
    updates: updates.map(([variable, value]) => [variable, get(value)]),
  };
}
