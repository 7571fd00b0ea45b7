/**
 * Evaluates a graph in float64 with the references of the ops, node by node, without the compiler: the oracle of the op cases
 * and the function that finite differences use.
 */
import { broadcastStrides, formatShape, sizeOf, stridesOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import { isConstant } from '../../src/graph/node.ts';
import type { Node } from '../../src/graph/node.ts';
import type { ElementwiseOp, StructuredOp } from '../../src/graph/op.ts';
import { topologicalOrder } from '../../src/graph/traverse.ts';

export type Feeds = ReadonlyMap<Node, ArrayLike<number>>;

/** Returns the values of `nodes`, each in row-major order. `feeds` must contain every variable that they need. */
export function evaluate(nodes: readonly Node[], feeds: Feeds): Float64Array[] {
  const values = new Map<Node, Float64Array>();
  for (const node of topologicalOrder(nodes)) values.set(node, evaluateNode(node, values, feeds));
  return nodes.map((node) => values.get(node)!);
}

function evaluateNode(node: Node, values: ReadonlyMap<Node, Float64Array>, feeds: Feeds): Float64Array {
  const { op, attributes } = node;
  const inputs = node.inputs.map((input) => values.get(input)!);
  const size = sizeOf(node.shape);
  if (op.kind === 'alias') return inputs[0]!;
  if (op.kind === 'leaf') {
    if (isConstant(node)) {
      return typeof node.value === 'number' ? new Float64Array(size).fill(node.value) : Float64Array.from(node.value);
    }
    const fed = feeds.get(node);
    if (fed?.length !== size) throw new Error(`${fed?.length} values fed to a variable of ${formatShape(node.shape)}`);
    return Float64Array.from(fed);
  }
  if (op.kind === 'elementwise') return evaluateElementwise(op, node, inputs);
  if (op.kind === 'part') return evaluateParts(node.inputs[0]!, values)[attributes['index'] as number]!;
  const outputs = [op.inPlace === undefined ? new Float64Array(size) : inputs[op.inPlace]!.slice()];
  op.reference({ attributes, inputs, inputTypes: node.inputs, outputs, outputTypes: [node] });
  return outputs[0]!;
}

/** The additional outputs of `node`'s op. Recomputed for each part: slow but simple. */
function evaluateParts(node: Node, values: ReadonlyMap<Node, Float64Array>): Float64Array[] {
  const { attributes, inputs: inputTypes } = node;
  const op = node.op as StructuredOp;
  const outputTypes = [node, ...op.parts!(inputTypes, attributes)];
  const outputs = outputTypes.map(({ shape }) => new Float64Array(sizeOf(shape)));
  op.reference({ attributes, inputs: inputTypes.map((input) => values.get(input)!), inputTypes, outputs, outputTypes });
  return outputs.slice(1);
}

function evaluateElementwise(op: ElementwiseOp, node: Node, inputs: readonly Float64Array[]): Float64Array {
  const places = node.inputs.map(({ shape }) => broadcastPlaces(shape, node.shape));
  const value = (index: number, at: number): number => inputs[index]?.[places[index]![at]!] ?? 0;
  return Float64Array.from({ length: sizeOf(node.shape) }, (_, at) =>
    op.reference(node.attributes, value(0, at), value(1, at), value(2, at)),
  );
}

/** For each element of `to`, the index of the element of `from` that is broadcast to it. */
export function broadcastPlaces(from: Shape, to: Shape): Int32Array {
  const strides = broadcastStrides(from, to);
  const counts = stridesOf(to);
  return Int32Array.from({ length: sizeOf(to) }, (_, at) =>
    to.reduce((sum, dimension, axis) => sum + (Math.floor(at / counts[axis]!) % dimension) * strides[axis]!, 0),
  );
}
