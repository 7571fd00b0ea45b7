/**
 * Fourth pass: copies outputs that are the value of an updated variable. Outputs have the values from before the step,
 * like the right side of every update, but the update overwrites the variable's memory.
 */
import type { Graph, Node } from '../../graph/node.ts';
import { copy } from '../../ops/shape/copy.ts';
import { base } from './step.ts';

export function keepOutputs(graph: Graph): Graph {
  const updated = new Set<Node>(graph.updates.map(([variable]) => variable));
  const keep = (node: Node): Node => (updated.has(base(node)) ? copy(node) : node);
  const outputs = Object.entries(graph.outputs).map(([name, node]) => [name, keep(node)] as const);
  return { outputs: Object.fromEntries(outputs), updates: graph.updates };
}
