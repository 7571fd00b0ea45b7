/**
 * Third pass: what follows a product moves into it where nobody else reads the value in between: a bias over its columns,
 * another value of its shape, an activation, or the derivative of one. The kernel does them while a tile is at hand.
 */
import { unproxied } from '../../core/raw.ts';
import { sameShape, sizeOf } from '../../core/shape.ts';
import { createNode, fillValue } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import type { Attributes, Op } from '../../graph/op.ts';
import { roots, topologicalOrder } from '../../graph/traverse.ts';
import { matmulWith } from '../../ops/product/matmul.ts';
import { rebuild } from './rebuild.ts';
import { base } from './step.ts';

/** Whether an input of the node at hand is a product that may take it over. */
type IsOpen = (index: number) => boolean;

export function fuseEpilogues(graph: Graph): Graph {
  const start = roots(graph);
  const read = [...start.map(base), ...topologicalOrder(start).flatMap(({ inputs }) => inputs)];
  return rebuild(graph, (node, given, get) => {
    const isOpen: IsOpen = (index) => {
      const { op, attributes, shape } = node.inputs[index]!;
      const product = given.inputs[index]!;
      const isSum = op.name === 'matmul' && attributes['activation'] === 'none' && sameShape(shape, node.shape);
      return isSum && read.indexOf(product) === read.lastIndexOf(product);
    };
    return addOperand(node, isOpen) ?? derive(node, given, get, isOpen) ?? activate(node, isOpen) ?? node;
  });
}

/** The product with one more operand, unless it has one of that name. */
function widen(
  product: Node,
  name: 'bias' | 'extra',
  operand: Node,
  op: Op = product.op,
  activation = 'none',
): Node | undefined {
  const columns = product.shape.slice(-1);
  const isRow = sizeOf(operand.shape) === columns[0] && sameShape(operand.shape.slice(-1), columns);
  const fits = name === 'bias' ? isRow : sameShape(operand.shape, product.shape);
  if (!fits || product.attributes[name] !== 0) return undefined;
  return withAttributes(op, product, [operand], { [name]: product.inputs.length, activation });
}

function withAttributes(op: Op, { inputs, attributes, scope }: Node, more: readonly Node[], changed: Attributes): Node {
  return unproxied({ ...createNode(op, [...inputs, ...more], { ...attributes, ...changed }), scope });
}

/**
 * add(product, operand), where the operand has one number for each column, or is a value of the product's shape. A value that
 * element-wise ops make stays outside: they and the addition are one kernel.
 */
function addOperand({ op, inputs }: Node, isOpen: IsOpen): Node | undefined {
  if (op.name !== 'add') return undefined;
  for (const [index, product] of inputs.entries()) {
    const operand = inputs[1 - index]!;
    const added =
      isOpen(index) &&
      (widen(product, 'bias', operand) ??
        (base(operand).op.kind === 'elementwise' ? undefined : widen(product, 'extra', operand)));
    if (added) return added;
  }
  return undefined;
}

/**
 * A product as what comes from above to an activation that has a `derivative`: then the node is what the activation's gradient
 * rule makes of the product.
 */
function derive(node: Node, given: Node, get: (node: Node) => Node, isOpen: IsOpen): Node | undefined {
  const near = given.inputs.flatMap(({ inputs }) => inputs.flatMap((input) => [input, ...input.inputs]));
  for (const y of near) {
    const { op, inputs, attributes } = y;
    if (op.kind !== 'elementwise' || !op.derivative) continue;
    for (const [index, upstream] of given.inputs.entries()) {
      if (!isOpen(index) || !sameShape(upstream.shape, y.shape)) continue;
      if (!isSame(given, op.gradient!({ inputs, attributes, output: y, upstream })[0]!)) continue;
      return widen(node.inputs[index]!, 'extra', get(y), matmulWith(op.derivative), `${op.name}Gradient`);
    }
  }
  return undefined;
}

function isSame(a: Node, b: Node): boolean {
  if (a === b || a.op !== b.op) return a === b;
  const value = fillValue(a);
  return value === undefined
    ? a.inputs.length > 0 && a.inputs.every((input, index) => isSame(input, b.inputs[index]!))
    : value === fillValue(b);
}

/** The op of one operand after the product: relu, or one without settings that a wasm module has a function for. */
function activate({ op, inputs: [product] }: Node, isOpen: IsOpen): Node | undefined {
  if (op.kind !== 'elementwise' || op.arity > 1 || op.immediates || !isOpen(0)) return undefined;
  if (op.wasm !== 'relu' && !op.wasmModule) return undefined;
  const epilogue = matmulWith({
    ...op,
    wgsl: op.wgsl as string,
    wasm: op.wasmModule ? { entry: op.wasm } : 1,
    reference: (sum, other) => op.reference({}, sum + other, 0, 0),
  });
  return withAttributes(epilogue, product!, [], { activation: op.name });
}
