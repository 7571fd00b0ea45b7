/**
 * Fifth pass: turns nodes into steps. Each group of element-wise nodes becomes one step with several outputs. Each
 * structured node becomes its own step, with parts if any is read. Leaves and views do not become steps.
 */
import { fillValue } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import type { Attributes, ElementwiseOp, StructuredOp } from '../../graph/op.ts';
import type { Chain, ChainArgument } from '../../graph/chain.ts';
import { roots, topologicalOrder, usersOf } from '../../graph/traverse.ts';
import { elementwiseOp } from '../../ops/elementwise/elementwise.ts';
import { clusterInputs, clusterOutputs, findClusters } from './5-fuse-clusters.ts';
import type { ClusterContext, ClusterLimits } from './5-fuse-clusters.ts';
import type { Step } from './step.ts';

/**
 * Turns the nodes of `graph` into steps.
 *
 * @param updateInPlace whether to assume that updates overwrite the old value, which saves a buffer per kernel
 */
export function fuse(graph: Graph, limits: ClusterLimits, updateInPlace: boolean): Step[] {
  const start = roots(graph);
  const order = topologicalOrder(start);
  const inPlace = new Map(updateInPlace ? graph.updates.map(([variable, value]) => [value, variable]) : []);
  const context: ClusterContext = { order, users: usersOf(order), externallyRead: new Set(start), inPlace };
  const steps: Step[] = [];
  for (const node of order) {
    if (node.op.kind !== 'structured') continue;
    const { op, inputs, attributes, scope } = node;
    const read = context.users.get(node)!.filter((user) => user.op.kind === 'part');
    // All parts are outputs of the step. A part that is not read needs a node too, which is not in the graph.
    const types = read.length > 0 ? op.parts!(inputs, attributes) : [];
    const made = types.map(
      (type, index) => read.find((part) => part.attributes['index'] === index) ?? { ...read[0]!, ...type },
    );
    steps.push({ op, attributes, inputs, outputs: [node, ...made], scope });
  }
  for (const cluster of findClusters(context, limits)) {
    steps.push(chainStep(cluster, clusterOutputs(cluster, context)));
  }
  return steps;
}

function chainStep(cluster: readonly Node[], outputs: readonly Node[]): Step {
  const inputs = clusterInputs(cluster);
  const values = new Map<Node, number>();
  for (const node of [...inputs, ...cluster]) values.set(node, values.size);
  const argument = (node: Node): ChainArgument => {
    const number = fillValue(node);
    return number === undefined ? { value: values.get(node)! } : { constant: number };
  };
  const chain: Chain = {
    inputCount: inputs.length,
    instructions: cluster.map((node) => ({
      op: node.op as ElementwiseOp,
      attributes: node.attributes,
      arguments: node.inputs.map(argument),
    })),
    outputs: outputs.map((node) => values.get(node)!),
  };
  const scope = commonScope(cluster);
  // The chain contains op records: plain data, but not of the attributes' printable kind.
  return {
    op: elementwiseOp as unknown as StructuredOp,
    attributes: { chain } as unknown as Attributes,
    inputs,
    outputs,
    scope,
  };
}

/** The common prefix of the scopes of all nodes. */
function commonScope(nodes: readonly Node[]): string {
  let parts = nodes[0]!.scope.split('/');
  for (const { scope } of nodes) {
    const other = scope.split('/');
    const end = parts.findIndex((part, index) => part !== other[index]);
    if (end >= 0) parts = parts.slice(0, end);
  }
  return parts.join('/');
}
