/**
 * A step before memory is planned: one kernel's work, and the nodes whose values it reads and computes. The fuse pass
 * turns nodes into steps; afterwards nodes only identify values.
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

/** A step whose order and memory sharing are decided. */
export interface ScheduledStep extends Step {
  /** For each output, the index of the input whose memory it takes over, or null. */
  readonly inPlace: readonly (number | null)[];
  /** For each output, the variable that it is written to directly, or null for separate memory. */
  readonly targets: readonly (Node | null)[];
}

/** The node that owns the memory of `node`: reshapes are views. */
export function base(node: Node): Node {
  let current = node;
  while (current.op.kind === 'alias') current = current.inputs[0]!;
  return current;
}
