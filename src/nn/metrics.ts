/**
 * Metrics: what is measured beside the loss. Each adds masked sums on the device, so an epoch costs one reading. The
 * closed table of names is at the end; every loss can be a metric too.
 */
import { lookUp, requireNumber } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { argMax } from '../ops/arg-max.ts';
import { mul } from '../ops/arithmetic.ts';
import { cast } from '../ops/clip.ts';
import { equal, greater, less } from '../ops/compare.ts';
import { requireInteger } from '../ops/op.ts';
import { sum } from '../ops/reduce.ts';
import { select } from '../ops/select.ts';
import { auc } from './auc.ts';
import { f1Score, precision, recall } from './classification-metrics.ts';
import { alignLabels, areWide, matchClassNumbers, matchLabels, perSample, requireOneEach } from './labels.ts';
import type { LossFunction } from './loss.ts';
import { lossFrom, lossNames, meanAbsoluteError, meanSquaredError } from './losses.ts';
import type { LossName } from './losses.ts';
import type { Metric } from './metric.ts';

/** The first element of a sum. */
const first = (values: ArrayLike<number> | undefined): number => values?.[0] ?? 0;

/** The mean over all samples of one value each. */
function meanMetric(
  name: string,
  valuesOf: (labels: Node, predictions: Node) => Node,
  last = (x: number) => x,
): Metric {
  return {
    name,
    sums: (labels, predictions, mask) => {
      const values = valuesOf(alignLabels(labels, predictions), predictions);
      requireOneEach(name, values, mask);
      return [sum(select(mask, values, 0)), sum(mask)];
    },
    result: ([total, count]) => last(first(total) / first(count)),
  };
}

/**
 * Any loss as a metric, under its own name. A custom function gets labels in the shape of the predictions where both
 * differ by a last axis of 1 alone.
 */
export function lossMetric(name: string, loss: LossFunction): Metric {
  return meanMetric(name, loss);
}

/** Mean of (y − p)². */
export function meanSquaredErrorMetric(): Metric {
  return meanMetric('meanSquaredError', meanSquaredError);
}

/** Mean of |y − p|. */
export function meanAbsoluteErrorMetric(): Metric {
  return meanMetric('meanAbsoluteError', meanAbsoluteError);
}

/** The root of the mean of (y − p)² over the whole epoch, not the mean of the batches' roots. */
export function rootMeanSquaredError(): Metric {
  return meanMetric('rootMeanSquaredError', meanSquaredError, Math.sqrt);
}

export interface ThresholdOptions {
  /** A prediction above it counts as 1. Default 0.5; 0 for logits. */
  readonly threshold?: number;
}

const isBinaryHit =
  (threshold: number) =>
  (labels: Node, predictions: Node): Node =>
    perSample(equal(matchLabels('binaryAccuracy', labels, predictions), greater(predictions, threshold)));

const isCategoricalHit = (labels: Node, predictions: Node): Node => {
  const truth = matchLabels('categoricalAccuracy', labels, predictions);
  return perSample(equalNumbers(argMax(truth), argMax(predictions)));
};

const isSparseHit = (labels: Node, predictions: Node): Node =>
  perSample(equalNumbers(matchClassNumbers('sparseCategoricalAccuracy', labels, predictions), argMax(predictions)));

/** int32 against int32; float32 holds class numbers exactly up to 2²⁴. */
function equalNumbers(x: Node, y: Node): Node {
  return equal(cast(x, 'float32'), cast(y, 'float32'));
}

/** How often prediction > threshold agrees with labels of 0 and 1; over all outputs. */
export function binaryAccuracy({ threshold = 0.5 }: ThresholdOptions = {}): Metric {
  requireNumber('binaryAccuracy', 'threshold', threshold);
  return meanMetric('binaryAccuracy', isBinaryHit(threshold));
}

/** How often the likeliest class is that of the one-hot label. */
export function categoricalAccuracy(): Metric {
  return meanMetric('categoricalAccuracy', isCategoricalHit);
}

/** How often the likeliest class is the label's number. */
export function sparseCategoricalAccuracy(): Metric {
  return meanMetric('sparseCategoricalAccuracy', isSparseHit);
}

/** Binary for one output, categorical for labels as wide as the output, else sparse: chosen by the shapes, as Keras does. */
export function accuracy(): Metric {
  return meanMetric('accuracy', (labels, predictions) => {
    const outputs = predictions.shape.length === 1 ? 1 : predictions.shape.at(-1)!;
    if (outputs === 1) return isBinaryHit(0.5)(labels, predictions);
    return areWide(labels, predictions) ? isCategoricalHit(labels, predictions) : isSparseHit(labels, predictions);
  });
}

/** How often fewer than k classes are likelier than that of the one-hot label; k is 5 by default. */
export function topKCategoricalAccuracy({ k = 5 }: { readonly k?: number } = {}): Metric {
  requireInteger('topKCategoricalAccuracy', 'k', k, 1);
  return meanMetric('topKCategoricalAccuracy', (labels, predictions) => {
    const truth = matchLabels('topKCategoricalAccuracy', labels, predictions);
    const likelihood = sum(mul(truth, predictions), -1, true);
    return perSample(less(sum(greater(predictions, likelihood), -1), k));
  });
}

export type MetricName =
  | 'accuracy'
  | 'binaryAccuracy'
  | 'categoricalAccuracy'
  | 'sparseCategoricalAccuracy'
  | 'topKCategoricalAccuracy'
  | 'precision'
  | 'recall'
  | 'f1Score'
  | 'auc'
  | 'rootMeanSquaredError'
  | LossName;

const metrics: Readonly<Record<Exclude<MetricName, LossName>, () => Metric>> = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
  precision,
  recall,
  f1Score,
  auc,
  rootMeanSquaredError,
};

/** The metric that a name stands for, or the metric itself. Throws `ValueError` for an unknown name. */
export function metricFrom(metric: MetricName | Metric): Metric {
  if (typeof metric === 'object') return metric;
  const losses = lossNames().map((name) => [name, () => lossMetric(name, lossFrom(name))] as const);
  return lookUp('metric', metric, { ...metrics, ...Object.fromEntries(losses) })();
}
