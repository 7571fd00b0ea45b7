/**
 * Metrics: what is measured beside the loss. Each adds masked sums on the device, so an epoch costs one reading. The
 * closed table of names is at the end; every loss can be a metric too.
 */
import { checkArguments, checkCount, integer, number, options, required } from '../../core/arguments.ts';
import { lookUp } from '../../core/check.ts';
import type { Node } from '../../graph/node.ts';
import { argMax } from '../../ops/reduce/arg-max.ts';
import { mul } from '../../ops/elementwise/arithmetic.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { equal, greater, less } from '../../ops/elementwise/compare.ts';
import { sum } from '../../ops/reduce/reduce.ts';
import { select } from '../../ops/elementwise/select.ts';
import { logName, lossLike } from '../arguments.ts';
import { auc } from './auc.ts';
import { f1Score, precision, recall } from './classification-metrics.ts';
import { alignLabels, areWide, matchClassNumbers, matchLabels, perSample, requireOneEach } from '../losses/labels.ts';
import type { LossFunction } from '../losses/loss.ts';
import { lossFrom, lossNames, meanAbsoluteError, meanSquaredError } from '../losses/losses.ts';
import type { LossName } from '../losses/losses.ts';
import { checkSums, checkTotals } from './metric.ts';
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
    sums: (...given) => {
      const [labels, predictions, mask] = checkSums(name, given);
      const values = valuesOf(alignLabels(labels, predictions), predictions);
      requireOneEach(name, values, mask);
      return [sum(select(mask, values, 0)), sum(mask)];
    },
    result: (...given) => {
      const [total, count] = checkTotals(name, given, 2);
      return last(first(total) / first(count));
    },
  };
}

/**
 * Any loss as a metric, under its own name. A custom function gets labels in the shape of the predictions where both
 * differ by a last axis of 1 alone.
 */
export function lossMetric(name: string, loss: LossFunction): Metric {
  checkArguments('lossMetric', arguments, { name: required(logName), loss: required(lossLike) });
  return meanMetric(name, loss);
}

/** Mean of (y − p)². */
export function meanSquaredErrorMetric(): Metric {
  checkCount('meanSquaredErrorMetric', arguments);
  return meanMetric('meanSquaredError', meanSquaredError);
}

/** Mean of |y − p|. */
export function meanAbsoluteErrorMetric(): Metric {
  checkCount('meanAbsoluteErrorMetric', arguments);
  return meanMetric('meanAbsoluteError', meanAbsoluteError);
}

/** The root of the mean of (y − p)² over the whole epoch, not the mean of the batches' roots. */
export function rootMeanSquaredError(): Metric {
  checkCount('rootMeanSquaredError', arguments);
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
export function binaryAccuracy(chosen: ThresholdOptions = {}): Metric {
  checkArguments('binaryAccuracy', arguments, { options: options({ threshold: number() }) });
  return meanMetric('binaryAccuracy', isBinaryHit(chosen.threshold ?? 0.5));
}

/** How often the likeliest class is that of the one-hot label. */
export function categoricalAccuracy(): Metric {
  checkCount('categoricalAccuracy', arguments);
  return meanMetric('categoricalAccuracy', isCategoricalHit);
}

/** How often the likeliest class is the label's number. */
export function sparseCategoricalAccuracy(): Metric {
  checkCount('sparseCategoricalAccuracy', arguments);
  return meanMetric('sparseCategoricalAccuracy', isSparseHit);
}

/** Binary for one output, categorical for labels as wide as the output, else sparse: chosen by the shapes, as Keras does. */
export function accuracy(): Metric {
  checkCount('accuracy', arguments);
  return meanMetric('accuracy', (labels, predictions) => {
    const outputs = predictions.shape.length === 1 ? 1 : predictions.shape.at(-1)!;
    if (outputs === 1) return isBinaryHit(0.5)(labels, predictions);
    return areWide(labels, predictions) ? isCategoricalHit(labels, predictions) : isSparseHit(labels, predictions);
  });
}

/** How often fewer than k classes are likelier than that of the one-hot label; k is 5 by default. */
export function topKCategoricalAccuracy(chosen: { readonly k?: number } = {}): Metric {
  checkArguments('topKCategoricalAccuracy', arguments, { options: options({ k: integer(1) }) });
  const { k = 5 } = chosen;
  return meanMetric('topKCategoricalAccuracy', (labels, predictions) => {
    const truth = matchLabels('topKCategoricalAccuracy', labels, predictions);
    const likelihood = sum(mul(truth, predictions), -1, true);
    return perSample(less(sum(greater(predictions, likelihood), -1), k));
  });
}

export type MetricName =
  | 'accuracy'
  | 'acc'
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
  acc: accuracy,
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
