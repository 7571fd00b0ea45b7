/** What passes that rewrite nodes share: a graph made anew from its leaves up. */
import { replaceInputs } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import { roots, topologicalOrder } from '../../graph/traverse.ts';

/**
 * The graph with `rule` in place of each node that is needed. The rule is given the node with its inputs already replaced,
 * the node as it was, and what has taken the place of any node before it.
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
