/** Every gradient rule against central differences in float64, to the second order where the op is smooth. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { keyFromSeed, uniform } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Node } from '../../src/graph/node.ts';
import { topologicalOrder } from '../../src/graph/traverse.ts';
import { add, constant, mul, sum } from '../../src/ops/index.ts';
import { evaluate } from '../support/evaluate.ts';
import { centralDifferences, disagreement } from '../support/finite-differences.ts';
import { instantiate, opCases } from '../support/op-cases.ts';

/** Finite differences need two evaluations per element, so only the value tests run the larger cases. */
const checked = opCases.filter(({ differentiable, build }) => {
  const { inputs } = build();
  const elements = inputs.reduce((total, { shape }) => total + sizeOf(shape), 0);
  return differentiable.length > 0 && elements <= 120 && sizeOf(instantiate(build()).node.shape) <= 1000;
});

/** Weights every element differently, so that errors do not cancel in the sum. */
function weigh(node: Node, seed: number): Node {
  const weights = uniform(keyFromSeed(seed), sizeOf(node.shape)).map((draw) => draw + 0.5);
  return sum(mul(node, constant(weights, node.shape)));
}

describe('gradient rules', () => {
  it.each(checked.map((opCase) => [opCase.name, opCase] as const))('%s', (_, opCase) => {
    const built = opCase.build();
    const { variables, node } = instantiate(built);
    const feeds = new Map(variables.map((input, index) => [input, Float64Array.from(built.inputs[index]!.values)]));
    const wrt = opCase.differentiable.map((index) => variables[index]!);
    const loss = weigh(node, 1);
    const slopes = gradients(loss, wrt);
    const values = evaluate(slopes, feeds);
    wrt.forEach((x, index) => {
      expect(slopes[index]!.shape).toEqual(x.shape);
      expect(disagreement(values[index]!, centralDifferences(loss, x, feeds))).toBeUndefined();
    });
    if (!opCase.smooth) return;
    const slopeLoss = slopes.map((slope, index) => weigh(slope, index + 2)).reduce((a, b) => add(a, b));
    for (const x of wrt) {
      const [curvature] = evaluate([gradientOrZeros(slopeLoss, x)], feeds);
      expect(disagreement(curvature!, centralDifferences(slopeLoss, x, feeds), 1e-5)).toBeUndefined();
    }
  });
});

/** The gradients of a linear op do not depend on x, which `gradients` reports. */
function gradientOrZeros(loss: Node, x: Node): Node {
  if (!topologicalOrder([loss]).includes(x)) return constant(0, x.shape);
  return gradients(loss, [x])[0]!;
}
