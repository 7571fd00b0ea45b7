/**
 * A graph as text: one line per node, inputs before users, numbered from 0 in that order. Equal graphs have equal text
 * regardless of node ids, so the text is also the key of the program cache.
 */
import { anything, checkArguments } from '../core/arguments.ts';
import { exactNumbers } from '../core/exact-numbers.ts';
import { formatShape } from '../core/shape.ts';
import type { TypedArray } from '../core/dtype.ts';
import { wholeGraph } from './check-graph.ts';
import { isConstant, isVariable } from './node.ts';
import type { Graph, Node } from './node.ts';
import type { Attributes } from './op.ts';
import { roots, topologicalOrder } from './traverse.ts';

/**
 * Prints a graph as text.
 *
 * ```
 * %0 = variable 'x' float32 [32, 784]
 * %2 = matmul(%0, %1) float32 [32, 64]  transposeB=true  # dense_1
 * loss = %9
 * w := %12
 * ```
 *
 * @param given named outputs, updates, or both
 * @throws ValueError naming the output or update that is invalid
 */
export function printGraph(given: Partial<Graph>): string {
  checkArguments('printGraph', arguments, { graph: anything });
  const graph = wholeGraph('printGraph', given);
  const order = topologicalOrder(roots(graph));
  const numbers = new Map(order.map((node, index) => [node, `%${index}`]));
  const lines = order.map((node) => `${numbers.get(node)!} = ${describe(node, numbers)}`);
  for (const [name, node] of Object.entries(graph.outputs)) lines.push(`${name} = ${numbers.get(node)!}`);
  for (const [variable, value] of graph.updates) lines.push(`${variable.variable.name} := ${numbers.get(value)!}`);
  return lines.join('\n');
}

function describe(node: Node, numbers: ReadonlyMap<Node, string>): string {
  const type = `${node.dtype} ${formatShape(node.shape)}`;
  const scope = node.scope === '' ? '' : `  # ${node.scope}`;
  if (isVariable(node)) return `variable '${node.variable.name}' ${type}${scope}`;
  if (isConstant(node)) return `constant ${describeValue(node.value)} ${type}${scope}`;
  const inputs = node.inputs.map((input) => numbers.get(input)!).join(', ');
  return `${node.op.name}(${inputs}) ${type}${describeAttributes(node.attributes)}${scope}`;
}

function describeAttributes(attributes: Attributes): string {
  const entries = Object.entries(attributes);
  const texts = entries.map(([key, value]) => `${key}=${JSON.stringify(value, exactNumbers)}`);
  return texts.length === 0 ? '' : `  ${texts.join(' ')}`;
}

const arrayNames = new WeakMap<TypedArray, number>();
let arrayCount = 0;

/** A number, or the identity of an array: two arrays never count as equal. */
function describeValue(value: number | TypedArray): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  let name = arrayNames.get(value);
  if (name === undefined) arrayNames.set(value, (name = ++arrayCount));
  return `array#${name}`;
}
