/**
 * A step before memory is planned: one kernel's work, with the nodes whose values it reads and makes. The fuse pass
 * makes steps out of nodes; after it the graph's nodes only name values.
 */
import type { Node } from '../../graph/node.ts';
import type { Attributes, StructuredOp } from '../../graph/op.ts';

export interface Step {
  readonly op: StructuredOp;
  readonly attributes: Attributes;
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
  readonly scope: string;
}

/** A step whose place in the order and whose sharing of memory are decided. */
export interface ScheduledStep extends Step {
  /** For each output, the place among the inputs whose memory it takes over, or null. */
  readonly inPlace: readonly (number | null)[];
  /** For each output, the variable that it is written to directly, or null for memory of its own. */
  readonly targets: readonly (Node | null)[];
}

/** The node whose memory `node` shows: reshapes are views. */
export function base(node: Node): Node {
  let current = node;
  while (current.op.kind === 'alias') current = current.inputs[0]!;
  return current;
}
