/**
 * Second pass: rebuilds the graph from the leaves, folds constants, shares equal subexpressions and drops operations
 * without effect. Nodes that no root needs are dead and are not rebuilt.
 */
import { exactNumbers } from '../../core/exact-numbers.ts';
import { sameShape } from '../../core/shape.ts';
import { fillValue, isConstant, isVariable } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import { filled } from '../../ops/define.ts';
import { rebuild } from './rebuild.ts';

export function simplify(graph: Graph): Graph {
  const known = new Map<string, Node>();
  return rebuild(graph, (node) => {
    const simpler = simplifyNode(node);
    const key = keyOf(simpler);
    const same = known.get(key);
    if (same === undefined) known.set(key, simpler);
    return same ?? simpler;
  });
}

/** Nodes with equal keys have equal values. Leaves other than numbers are equal only to themselves. */
function keyOf(node: Node): string {
  if (isVariable(node) || (isConstant(node) && typeof node.value !== 'number')) return `leaf ${node.id}`;
  const inputs = node.inputs.map(({ id }) => id).join(',');
  return `${node.op.name} ${JSON.stringify(node.attributes, exactNumbers)} ${inputs}`;
}

function simplifyNode(node: Node): Node {
  return foldConstants(node) ?? keep(node, dropIdentity(node)) ?? keep(node, node.op.simplify?.(node)) ?? node;
}

/** `candidate`, unless it is of another type. */
function keep({ shape, dtype }: Node, candidate: Node | undefined): Node | undefined {
  return candidate && sameShape(candidate.shape, shape) && candidate.dtype === dtype ? candidate : undefined;
}

/**
 * Folds an element-wise op of numbers into a number, rounded as on the devices, and a view of a number into a number.
 */
function foldConstants(node: Node): Node | undefined {
  const known = node.op.kind === 'alias' ? fillValue(node.inputs[0]!) : undefined;
  if (known !== undefined) return filled(known, node.shape, node.dtype);
  if (node.op.kind !== 'elementwise' || node.inputs.length === 0) return undefined;
  const values = node.inputs.map(fillValue);
  if (values.includes(undefined)) return undefined;
  const [x = 0, y = 0, z = 0] = values as number[];
  const value = node.op.reference(node.attributes, x, y, z);
  return filled(node.dtype === 'float32' ? Math.fround(value) : Math.trunc(value), node.shape, node.dtype);
}

/** The operand that an op with the identity for its other operand gives back: x + 0, x · 1, x / 1, x − 0. */
function dropIdentity({ op, inputs }: Node): Node | undefined {
  const identity = op.kind === 'elementwise' ? op.identity : undefined;
  const at = identity?.findLastIndex((number, index) => number !== undefined && fillValue(inputs[index]!) === number);
  return at === undefined || at < 0 ? undefined : inputs[1 - at];
}
