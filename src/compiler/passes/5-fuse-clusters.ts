/**
 * Decides which element-wise nodes share a kernel. Each node gets a stage: one more than the stage of its inputs
 * wherever the edge cannot be fused. Nodes of one stage and one shape can be joined freely, because a path that leaves
 * such a group and returns has a higher stage at its end.
 */
import { sameShape, sizeOf } from '../../core/shape.ts';
import { fillValue } from '../../graph/node.ts';
import type { Node } from '../../graph/node.ts';

export interface ClusterLimits {
  /** Maximum number of buffers that one kernel binds: inputs and outputs together. */
  readonly operands: number;
  readonly instructions: number;
  /**
   * Maximum number of inputs, distinct constants and instructions together, which bounds the values that are live at
   * once.
   */
  readonly values: number;
}

/** What clustering needs from the graph. */
export interface ClusterContext {
  readonly order: readonly Node[];
  readonly users: ReadonlyMap<Node, readonly Node[]>;
  /** Nodes whose value is read outside the graph: outputs and updates. */
  readonly externallyRead: ReadonlySet<Node>;
  /** Maps a new value to the variable whose memory it takes over. Such a pair is one buffer of a kernel, not two. */
  readonly inPlace: ReadonlyMap<Node, Node>;
}

/** Groups of element-wise nodes, each in topological order. */
export function findClusters(context: ClusterContext, limits: ClusterLimits): Node[][] {
  const { order } = context;
  const stages = findStages(context);
  const groups = new Map<Node, Node[]>();
  const scalars = new Map<number, Node[]>();
  for (const node of order) {
    if (node.op.kind !== 'elementwise') continue;
    const neighbours = node.inputs.filter((input) => fuses(input, node) && stages.get(input) === stages.get(node));
    const group = new Set(neighbours.map((input) => groups.get(input)!));
    // Scalars are few and cheap: all scalars of a stage share a kernel, related or not.
    const isNumber = sizeOf(node.shape) === 1;
    if (isNumber) group.add(scalars.get(stages.get(node)!) ?? []);
    const [first = [], ...others] = group;
    for (const other of others) {
      first.push(...other.splice(0));
      for (const member of first) groups.set(member, first);
    }
    first.push(node);
    groups.set(node, first);
    if (isNumber) scalars.set(stages.get(node)!, first);
  }
  const position = new Map(order.map((node, index) => [node, index]));
  return [...new Set(groups.values())]
    .map((group) => group.sort((a, b) => position.get(a)! - position.get(b)!))
    .flatMap((group) => split(group, context, limits));
}

/** Whether `user` can read the value of `input` from a register. */
function fuses(input: Node, user: Node): boolean {
  return input.op.kind === 'elementwise' && user.op.kind === 'elementwise' && sameShape(input.shape, user.shape);
}

function findStages({ order, users }: ClusterContext): Map<Node, number> {
  const stages = new Map<Node, number>();
  for (const node of order) {
    const distances = node.inputs.map(
      (input) => stages.get(input)! + (fuses(input, node) || input.op.kind === 'leaf' ? 0 : 1),
    );
    stages.set(node, Math.max(0, ...distances));
  }
  // As late as possible: a node that only fusable users read joins the earliest of them, even if it could run before.
  for (const node of [...order].reverse()) {
    const list = users.get(node)!;
    if (node.op.kind === 'elementwise' && list.length > 0 && list.every((user) => fuses(node, user))) {
      stages.set(node, Math.min(...list.map((user) => stages.get(user)!)));
    }
  }
  return stages;
}

/** Splits a group into parts that respect the limits. A part reads only values of earlier parts. */
function split(group: Node[], context: ClusterContext, limits: ClusterLimits): Node[][] {
  const fits = (part: readonly Node[]): boolean =>
    part.length <= limits.instructions &&
    operandCount(part, context) <= limits.operands &&
    valueCount(part) <= limits.values;
  if (fits(group)) return [group]; // the common case
  let part: Node[] = [];
  const parts = [part];
  for (const node of group) {
    if (part.length > 0 && !fits([...part, node])) parts.push((part = []));
    part.push(node);
  }
  return parts;
}

function operandCount(part: readonly Node[], context: ClusterContext): number {
  const inputs = clusterInputs(part);
  const outputs = clusterOutputs(part, context).filter((node) => !inputs.includes(context.inPlace.get(node)!));
  return inputs.length + outputs.length;
}

function valueCount(part: readonly Node[]): number {
  const numbers = new Set(part.flatMap(({ inputs }) => inputs.map(fillValue)).filter((number) => number !== undefined));
  return clusterInputs(part).length + numbers.size + part.length;
}

/** The values that a cluster reads from memory; numbers become part of the code. */
export function clusterInputs(part: readonly Node[]): Node[] {
  const inside = new Set(part);
  const outside = part
    .flatMap(({ inputs }) => inputs)
    .filter((input) => !inside.has(input) && fillValue(input) === undefined);
  return [...new Set(outside)];
}

/** The values of a cluster that are read outside of it. */
export function clusterOutputs(part: readonly Node[], { users, externallyRead }: ClusterContext): Node[] {
  const inside = new Set(part);
  return part.filter((node) => externallyRead.has(node) || users.get(node)!.some((user) => !inside.has(user)));
}
