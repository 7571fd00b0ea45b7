/**
 * Fourth pass: an output that is the value of an updated variable would show the new one, because the
 * update takes its memory. Outputs mean the values of the step, like every right side of an update: they get a copy.
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
