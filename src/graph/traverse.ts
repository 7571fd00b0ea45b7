/** Graph traversal. Iterative, because a graph may be deeper than the call stack. */
import type { Graph, Node } from './node.ts';

/** The nodes of outputs and updates. */
export function roots(graph: Graph): Node[] {
  return [...Object.values(graph.outputs), ...graph.updates.flatMap(([variable, value]) => [variable, value])];
}

/** All nodes that `from` depends on, inputs before users, in a deterministic order. */
export function topologicalOrder(from: readonly Node[]): Node[] {
  const order: Node[] = [];
  const done = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  for (const root of from) {
    if (!done.has(root)) {
      done.add(root);
      stack.push({ node: root, next: 0 });
    }
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const child = top.node.inputs[top.next++];
      if (child === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!done.has(child)) {
        done.add(child);
        stack.push({ node: child, next: 0 });
      }
    }
  }
  return order;
}

/** For each node, the nodes of `order` that read it. */
export function usersOf(order: readonly Node[]): Map<Node, Node[]> {
  const users = new Map<Node, Node[]>(order.map((node) => [node, []]));
  for (const node of order) for (const input of new Set(node.inputs)) users.get(input)?.push(node);
  return users;
}
