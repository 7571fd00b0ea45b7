/** Helpers of the layer and loss tests: evaluates graphs in float64, with initial weights. */
import { keyFromSeed } from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import { isVariable } from '../../src/graph/node.ts';
import type { Node } from '../../src/graph/node.ts';
import { topologicalOrder } from '../../src/graph/traverse.ts';
import type { CallContext, Layer } from '../../src/nn/layer.ts';
import type { Metric } from '../../src/nn/metrics/metric.ts';
import { constant } from '../../src/ops/define.ts';
import { evaluate } from '../support/evaluate.ts';

/** A float32 tensor of these values. */
export function tensor(values: readonly number[], shape: Shape = [values.length]): Node {
  return constant(Float32Array.from(values), shape);
}

/** An int32 tensor of these values. */
export function integers(values: readonly number[], shape: Shape = [values.length]): Node {
  return constant(Int32Array.from(values), shape);
}

/** The values of `node` in float64; variables have the values of `feeds`, or their initial values. */
export function valuesOf(node: Node, feeds: ReadonlyMap<Node, ArrayLike<number>> = new Map()): number[] {
  const first = topologicalOrder([node])
    .filter(isVariable)
    .map((weight) => [weight, weight.variable.initialize?.() ?? new Float32Array(sizeOf(weight.shape))] as const);
  return [...evaluate([node], new Map<Node, ArrayLike<number>>([...first, ...feeds]))[0]!];
}

export function context(training: boolean, step = 0): CallContext {
  return { training, iterations: constant(step, [], 'int32') };
}

/** `layer`, built for samples of these shapes with seed 1. */
export function built(layer: Layer, ...shapes: Shape[]): Layer {
  layer.build(shapes, keyFromSeed(1));
  return layer;
}

/** The class and message of the error that `action` throws. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing thrown';
}

/** The inputs of a metric in a step. */
export interface Batch {
  readonly labels: Node;
  readonly predictions: Node;
  readonly mask: readonly number[];
}

/** Adds the sums of all batches and computes the result, like the training loop. */
export function measure(metric: Metric, ...batches: Batch[]): number {
  const sums = batches.map(({ labels, predictions, mask }) =>
    metric.sums(labels, predictions, tensor(mask)).map((sum) => valuesOf(sum)),
  );
  const totals = sums[0]!.map((first, index) =>
    Float64Array.from(first, (_, place) => sums.reduce((total, batch) => total + batch[index]![place]!, 0)),
  );
  return metric.result(totals);
}
