/** Backpropagation: accumulation, broadcasting, where it stops, and deep graphs. Gradient rules are tested in test/ops. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import { withScope } from '../../src/graph/node.ts';
import { topologicalOrder } from '../../src/graph/traverse.ts';
import * as ops from '../../src/ops/index.ts';
import { evaluate } from '../support/evaluate.ts';

const parameter = (name: string, shape: Shape = []): Node => ops.variable(shape, { name, role: 'parameter' });
const x = parameter('x');
const w = parameter('dense/kernel', [2]);

function at(node: Node, ...feeds: readonly (readonly [Node, readonly number[]])[]): number[] {
  return Array.from(evaluate([node], new Map(feeds))[0]!);
}

describe('gradients', () => {
  it('adds up over every path', () => {
    const loss = ops.add(ops.mul(x, x), ops.add(x, ops.mul(3, x)));
    const [slope] = gradients(loss, [x]);
    expect(at(slope!, [x, [5]])).toEqual([14]);
  });

  it('of the loss itself is 1, and that of an intermediate node is where it stands', () => {
    const middle = ops.square(x);
    const loss = ops.mul(middle, 4);
    const [ofLoss, ofMiddle] = gradients(loss, [loss, middle]);
    expect(at(ofLoss!, [x, [3]])).toEqual([1]);
    expect(at(ofMiddle!, [x, [3]])).toEqual([4]);
  });

  it('go through a node that is asked for to those behind it', () => {
    const middle = ops.square(x);
    const [ofMiddle, ofX] = gradients(ops.mul(middle, 4), [middle, x]);
    expect(at(ofMiddle!, [x, [3]])).toEqual([4]);
    expect(at(ofX!, [x, [3]])).toEqual([24]);
  });

  it('have the shape of what they are of, summed over what was stretched', () => {
    const bias = parameter('bias', [1, 3]);
    const loss = ops.sum(ops.add(ops.constant(0, [4, 5, 3]), bias));
    const [slope] = gradients(loss, [bias]);
    expect(slope!.shape).toEqual([1, 3]);
    expect(at(slope!, [bias, [0, 0, 0]])).toEqual([20, 20, 20]);
  });

  it('can be taken of gradients', () => {
    let derivative: Node = ops.pow(x, 4);
    const values: number[] = [];
    for (let order = 1; order <= 4; order++) {
      derivative = gradients(derivative, [x])[0]!;
      values.push(...at(derivative, [x, [2]]));
    }
    expect(values).toEqual([32, 48, 48, 24]);
  });

  it('build nothing for what is not asked for', () => {
    const other = parameter('other', [2, 2]);
    const loss = ops.sum(ops.matmul(ops.matmul(parameter('input', [2, 2]), other), ops.reshape(w, [2, 1])));
    const [slope] = gradients(loss, [w]);
    const products = topologicalOrder([slope!]).filter(({ op }) => op.name === 'matmul');
    expect(products.length).toBe(2); // the forward product that it needs, and its own
  });

  it('walk a graph deeper than the call stack', () => {
    let deep: Node = x;
    for (let layer = 0; layer < 20_000; layer++) deep = ops.add(deep, 1);
    expect(at(gradients(deep, [x])[0]!, [x, [0]])).toEqual([1]);
  });

  it('stand in the scope of what they are gradients of', () => {
    const loss = withScope('dense', () => ops.square(x));
    expect(gradients(loss, [x])[0]!.scope).toBe('gradients/dense');
  });

  it('share a maximum among equals', () => {
    const v = parameter('v', [4]);
    expect(at(gradients(ops.max(v), [v])[0]!, [v, [1, 3, 3, 2]])).toEqual([0, 0.5, 0.5, 0]);
  });

  it('stay finite where the side not taken is not', () => {
    const loss = ops.select(ops.greater(x, 0), ops.log(x), x);
    expect(at(gradients(loss, [x])[0]!, [x, [-1]])).toEqual([1]);
    expect(at(gradients(ops.pow(x, 2), [x])[0]!, [x, [0]])).toEqual([0]);
    const exponent = parameter('exponent');
    const power = gradients(ops.pow(x, exponent), [x, exponent]);
    expect(power.flatMap((slope) => at(slope, [x, [0]], [exponent, [0]]))).toEqual([0, 0]);
  });

  it('name what does not lead to the loss', () => {
    expect(() => gradients(ops.square(x), [w])).toThrowErrorMatchingInlineSnapshot(
      `[GradientError: gradients: the loss does not depend on 'dense/kernel': use it in the loss, or leave it out]`,
    );
  });

  it('name what stands in between', () => {
    expect(() => gradients(ops.sum(ops.round(w)), [w])).toThrowErrorMatchingInlineSnapshot(
      `[GradientError: gradients: no differentiable path leads from the loss to 'dense/kernel': round on the way has no gradient]`,
    );
    const stopped = ops.stopGradient(ops.square(w));
    expect(() => gradients(ops.sum(ops.cast(ops.argMax(stopped), 'float32')), [w])).toThrowErrorMatchingInlineSnapshot(
      `[GradientError: gradients: no differentiable path leads from the loss to 'dense/kernel': stopGradient on the way has no gradient]`,
    );
  });

  it('refuse integers', () => {
    const labels = ops.variable([2], { name: 'labels', dtype: 'int32' });
    const loss = ops.sum(ops.mul(ops.cast(labels, 'float32'), w));
    expect(() => gradients(loss, [labels])).toThrowErrorMatchingInlineSnapshot(
      `[GradientError: gradients: 'labels' is int32: only float32 has a gradient]`,
    );
  });
});
