/**
 * Reverse-mode differentiation: walks the graph from the loss back to `wrt`, and lets each op's rule add the nodes of
 * its gradient. The results are ordinary nodes, so they can be differentiated again. Broadcasting is undone here, not
 * in the rules.
 */
import { checkArguments } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { GradientError, ShapeError } from '../core/errors.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { isNode, isVariable, withScope } from '../graph/node.ts';
import type { Node } from '../graph/node.ts';
import type { GradientRule } from '../graph/op.ts';
import { topologicalOrder } from '../graph/traverse.ts';
import { add } from '../ops/elementwise/arithmetic.ts';
import { broadcastTo } from '../ops/shape/broadcast.ts';
import { constant, requireDType } from '../ops/define.ts';
import { sum } from '../ops/reduce/reduce.ts';
import { reshape } from '../ops/shape/reshape.ts';

const node: ArgumentType = { expected: 'a tensor of the graph', accepts: isNode, isRequired: true };
const nodes: ArgumentType = {
  expected: 'an array of tensors of the graph, such as [w, b]',
  accepts: (value) => Array.isArray(value) && Array.from<unknown>(value).every(isNode),
  isRequired: true,
};

/**
 * Builds the gradients of `loss` with respect to each node of `wrt`.
 *
 * @param loss float32 scalar
 * @param wrt float32 nodes that the loss is computed from
 * @returns float32 nodes, one for each node of `wrt` in its shape
 * @throws ShapeError for a loss that is not a scalar
 * @throws DTypeError for a loss that is not float32
 * @throws GradientError naming a node that the loss does not depend on, or only through operations without a gradient
 * @example
 * ```ts
 * const loss = mean(square(sub(matmul(x, w), y)));
 * const [dw] = gradients(loss, [w]);
 * ```
 */
export function gradients(loss: Node, wrt: readonly Node[]): Node[] {
  checkArguments('gradients', arguments, { loss: node, wrt: nodes });
  requireDType('gradients, loss', loss.dtype, 'float32');
  if (loss.shape.length !== 0) {
    throw new ShapeError(
      `gradients: the loss must be a scalar, not ${formatShape(loss.shape)}: reduce it with mean() or sum()`,
    );
  }
  const order = topologicalOrder([loss]);
  const between = nodesBetween(order, new Set(wrt));
  const upstreams = new Map<Node, Node>([[loss, constant(1)]]);
  for (const node of order.reverse()) {
    const upstream = upstreams.get(node);
    const rule = between.has(node) && upstream ? ruleOf(node) : null;
    if (!rule || !upstream) continue;
    const { inputs, attributes } = node;
    withScope(`gradients${node.scope === '' ? '' : `/${node.scope}`}`, () => {
      rule({ inputs, attributes, output: node, upstream }).forEach((gradient, index) => {
        const input = inputs[index]!;
        if (gradient === null || !between.has(input)) return;
        const known = upstreams.get(input);
        const arriving = unbroadcast(gradient, input.shape);
        upstreams.set(input, known ? add(known, arriving) : arriving);
      });
    });
  }
  return wrt.map((node) => upstreams.get(node) ?? fail(node, order));
}

function ruleOf(node: Node): GradientRule<Node['attributes']> | null {
  return node.op.gradient as GradientRule<Node['attributes']> | null;
}

/** The nodes that a gradient flows through: float32, and computed from a node of `wrt` by ops with a gradient. */
function nodesBetween(order: readonly Node[], wrt: ReadonlySet<Node>): Set<Node> {
  const between = new Set<Node>();
  for (const node of order) {
    if (node.dtype !== 'float32') continue;
    if (wrt.has(node) || (ruleOf(node) && node.inputs.some((input) => between.has(input)))) between.add(node);
  }
  return between;
}

/**
 * Sums `gradient` over the axes that `shape` broadcasts along. A gradient that is smaller than `shape` is broadcast.
 */
function unbroadcast(gradient: Node, shape: Shape): Node {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const stretched = gradient.shape.flatMap((dimension, axis) =>
    axis < lead || (shape[axis - lead] === 1 && dimension !== 1) ? [axis] : [],
  );
  const summed = stretched.length > 0 ? sum(gradient, stretched, true) : gradient;
  const trimmed = lead > 0 ? reshape(summed, summed.shape.slice(lead)) : summed;
  return broadcastTo(trimmed, shape);
}

/**
 * Throws, distinguishing an unrelated node from one that is cut off from the loss by an operation without a gradient.
 */
function fail(node: Node, order: readonly Node[]): never {
  const name = isVariable(node) ? `'${node.variable.name}'` : `the result of ${node.op.name}`;
  const dependent = new Set<Node>([node]);
  const barriers = new Set<string>();
  // `order` was reversed in place: from its end, inputs come before their users.
  for (const user of [...order].reverse()) {
    if (!user.inputs.some((input) => dependent.has(input))) continue;
    if (ruleOf(user)) dependent.add(user);
    else barriers.add(user.op.name);
  }
  if (node.dtype !== 'float32') {
    throw new GradientError(`gradients: ${name} is ${node.dtype}: only float32 has a gradient`);
  }
  throw new GradientError(
    barriers.size > 0
      ? `gradients: no differentiable path leads from the loss to ${name}: ${[...barriers].join(', ')} on the way ` +
          `${barriers.size === 1 ? 'has' : 'have'} no gradient`
      : `gradients: the loss does not depend on ${name}: use it in the loss, or leave it out`,
  );
}
