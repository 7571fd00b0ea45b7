/**
 * Third pass: fuses into a contraction what follows it, if its op accepts an epilogue and nothing else reads the value in between: a
 * bias over its columns, a residual of its shape, an activation, or the derivative of one. The kernel applies them to a tile in registers.
 */
import { unproxied } from '../../core/raw.ts';
import { sameShape, sizeOf } from '../../core/shape.ts';
import { createNode, fillValue } from '../../graph/node.ts';
import type { Graph, Node } from '../../graph/node.ts';
import { epilogueOf, noEpilogue } from '../../graph/epilogue.ts';
import type { EpilogueAttributes, EpilogueFunction } from '../../graph/epilogue.ts';
import type { StructuredOp } from '../../graph/op.ts';
import { roots, topologicalOrder } from '../../graph/traverse.ts';
import { rebuild } from './rebuild.ts';
import { base } from './step.ts';

/** Whether the input at this index of the current node is a contraction that the node may be fused into. */
type IsOpen = (index: number) => boolean;

export function fuseEpilogues(graph: Graph): Graph {
  const start = roots(graph);
  const read = [...start.map(base), ...topologicalOrder(start).flatMap(({ inputs }) => inputs)];
  return rebuild(graph, (node, given, get) => {
    const isOpen: IsOpen = (index) => {
      const { op, attributes, shape } = node.inputs[index]!;
      const product = given.inputs[index]!;
      const accepts = op.kind === 'structured' && op.acceptsEpilogue && sameShape(shape, node.shape);
      return (
        !!accepts &&
        attributes['activation'] === noEpilogue.activation &&
        read.indexOf(product) === read.lastIndexOf(product)
      );
    };
    return addOperand(node, isOpen) ?? derive(node, given, get, isOpen) ?? activate(node, isOpen) ?? node;
  });
}

/** The contraction with one more operand, unless it has one of that name. */
function widen(product: Node, name: 'bias' | 'residual', operand: Node): Node | undefined {
  const columns = product.shape.slice(-1);
  const isRow = sizeOf(operand.shape) === columns[0] && sameShape(operand.shape.slice(-1), columns);
  const fits = name === 'bias' ? isRow : sameShape(operand.shape, product.shape);
  if (!fits || product.attributes[name] !== noEpilogue[name]) return undefined;
  return withEpilogue(product, { [name]: product.inputs.length }, [operand]);
}

/** The contraction with this of its epilogue changed. */
function withEpilogue(
  { op, inputs, attributes, scope }: Node,
  changed: Partial<EpilogueAttributes>,
  more: readonly Node[] = [],
  epilogue?: EpilogueFunction,
): Node {
  const changedOp = epilogue ? { ...(op as StructuredOp), epilogue } : op;
  return unproxied({ ...createNode(changedOp, [...inputs, ...more], { ...attributes, ...changed }), scope });
}

/**
 * add(product, operand), where the operand has one number for each column, or is a value of the product's shape. A value that
 * element-wise ops make stays outside: they and the addition are one kernel.
 */
function addOperand({ op, inputs }: Node, isOpen: IsOpen): Node | undefined {
  if (op.kind !== 'elementwise' || !op.isAddition) return undefined;
  for (const [index, product] of inputs.entries()) {
    const operand = inputs[1 - index]!;
    const added =
      isOpen(index) &&
      (widen(product, 'bias', operand) ??
        (base(operand).op.kind === 'elementwise' ? undefined : widen(product, 'residual', operand)));
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
      const product = widen(node.inputs[index]!, 'residual', get(y));
      return product && withEpilogue(product, { activation: `${op.name}Gradient` }, [], op.derivative);
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

/** An activation of the sums. */
function activate({ op, inputs: [product] }: Node, isOpen: IsOpen): Node | undefined {
  if (op.kind !== 'elementwise' || !isOpen(0)) return undefined;
  const epilogue = epilogueOf(op);
  return epilogue && withEpilogue(product!, { activation: op.name }, [], epilogue);
}
