/**
 * Third pass: a bias added over the columns of a product, and a relu, sigmoid or tanh after it, move into the product
 * where nobody else reads the value in between. The kernel applies them while the tile is in registers.
 */
import { sameShape, sizeOf } from '../core/shape.ts';
import { createNode, replaceInputs } from '../graph/node.ts';
import type { Graph, Node } from '../graph/node.ts';
import { roots, topologicalOrder, usersOf } from '../graph/traverse.ts';
import { base } from './step.ts';
import { epilogueActivations } from '../ops/matmul.ts';
import type { EpilogueActivation, MatmulAttributes } from '../ops/matmul.ts';

export function fuseEpilogues(graph: Graph): Graph {
  const start = roots(graph);
  const order = topologicalOrder(start);
  const users = usersOf(order);
  const kept = new Set(start.map(base));
  const rebuilt = new Map<Node, Node>();
  for (const node of order) {
    const inputs = node.inputs.map((input) => rebuilt.get(input)!);
    const onlyUser = (index: number): boolean =>
      users.get(node.inputs[index]!)!.length === 1 && !kept.has(node.inputs[index]!);
    const current = replaceInputs(node, inputs);
    rebuilt.set(node, addBias(current, onlyUser) ?? addActivation(current, onlyUser) ?? current);
  }
  return {
    outputs: Object.fromEntries(Object.entries(graph.outputs).map(([name, node]) => [name, rebuilt.get(node)!])),
    updates: graph.updates.map(([variable, value]) => [variable, rebuilt.get(value)!] as const),
  };
}

function isPlainProduct(node: Node): boolean {
  return node.op.name === 'matmul' && (node.attributes as MatmulAttributes).activation === 'none';
}

/** add(product, bias) with a bias of one number for each column. */
function addBias(node: Node, onlyUser: (input: number) => boolean): Node | undefined {
  if (node.op.name !== 'add') return undefined;
  for (const index of [0, 1]) {
    const product = node.inputs[index]!;
    const bias = node.inputs[1 - index]!;
    const fits = sizeOf(bias.shape) === product.shape.at(-1) && bias.shape.at(-1) === product.shape.at(-1);
    if (!isPlainProduct(product) || product.inputs.length !== 2 || !fits || !onlyUser(index)) continue;
    if (!sameShape(product.shape, node.shape)) continue;
    return { ...createNode(product.op, [...product.inputs, bias], product.attributes), scope: node.scope };
  }
  return undefined;
}

function addActivation(node: Node, onlyUser: (input: number) => boolean): Node | undefined {
  const activation = epilogueActivations.find((name): name is EpilogueActivation => name === node.op.name);
  const product = node.inputs[0];
  if (activation === undefined || product === undefined || !isPlainProduct(product) || !onlyUser(0)) return undefined;
  const attributes = { ...product.attributes, activation };
  return { ...createNode(product.op, product.inputs, attributes), scope: node.scope };
}
