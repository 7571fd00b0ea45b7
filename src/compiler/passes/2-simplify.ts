/**
 * Second pass: rebuilds the graph from the leaves up, folding constants, sharing equal subexpressions and dropping
 * what computes nothing. Nodes that no root needs are dead and simply not rebuilt.
 */
import { exactNumbers } from '../../core/exact-numbers.ts';
import { sameShape } from '../../core/shape.ts';
import { fillValue, isConstant, isVariable, replaceInputs } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import { filled } from '../../ops/define.ts';
import { matmul } from '../../ops/product/matmul.ts';
import type { MatmulAttributes } from '../../ops/product/matmul.ts';
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

/** Equal keys, equal values. Leaves other than numbers are equal only to themselves. */
function keyOf(node: Node): string {
  if (isVariable(node) || (isConstant(node) && typeof node.value !== 'number')) return `leaf ${node.id}`;
  const inputs = node.inputs.map(({ id }) => id).join(',');
  return `${node.op.name} ${JSON.stringify(node.attributes, exactNumbers)} ${inputs}`;
}

function simplifyNode(node: Node): Node {
  return foldConstants(node) ?? dropIdentity(node) ?? foldTranspose(node) ?? node;
}

/** An element-wise op of numbers is a number, rounded as the devices would; a view of one is one too. */
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

/** Ops that give back an input: x + 0, x · 1, x / 1, x − 0, −(−x), a choice known beforehand, a cast or broadcast to what it is. */
function dropIdentity(node: Node): Node | undefined {
  const [x, y, z] = node.inputs;
  const keep = (candidate: Node | undefined): Node | undefined =>
    candidate !== undefined && sameShape(candidate.shape, node.shape) && candidate.dtype === node.dtype
      ? candidate
      : undefined;
  switch (node.op.name) {
    case 'add':
      return fillValue(y!) === 0 ? keep(x) : fillValue(x!) === 0 ? keep(y) : undefined;
    case 'sub':
      return fillValue(y!) === 0 ? keep(x) : undefined;
    case 'mul':
      return fillValue(y!) === 1 ? keep(x) : fillValue(x!) === 1 ? keep(y) : undefined;
    case 'div':
      return fillValue(y!) === 1 ? keep(x) : undefined;
    case 'select': {
      const condition = fillValue(x!);
      return condition === undefined ? undefined : keep(condition === 0 ? z : y);
    }
    case 'neg':
      return x!.op.name === 'neg' ? x!.inputs[0] : undefined;
    case 'cast':
    case 'broadcastTo':
      return keep(x);
    case 'reshape':
      if (x!.op.name === 'reshape') return keep(x!.inputs[0]) ?? replaceInputs(node, [x!.inputs[0]!]);
      return keep(x);
    default:
      return undefined;
  }
}

/** A product reads a transposed operand as it lies: the transpose becomes a flag. */
function foldTranspose(node: Node): Node | undefined {
  if (node.op.name !== 'matmul') return undefined;
  const [a, b] = node.inputs as [Node, Node];
  const { transposeA, transposeB } = node.attributes as MatmulAttributes;
  const swapsA = swapsLastTwo(a);
  const swapsB = swapsLastTwo(b);
  if (!swapsA && !swapsB) return undefined;
  return matmul(swapsA ? a.inputs[0]! : a, swapsB ? b.inputs[0]! : b, {
    transposeA: transposeA !== swapsA,
    transposeB: transposeB !== swapsB,
  });
}

function swapsLastTwo(node: Node): boolean {
  if (node.op.name !== 'transpose') return false;
  const order = node.attributes['permutation'] as readonly number[];
  const rank = order.length;
  return order.every((axis, index) => axis === (index < rank - 2 ? index : 2 * rank - 3 - index));
}
