/**
 * Accuracy and error metrics, and the table of all metrics by name. Metrics accumulate masked sums on the device, so an epoch
 * needs one readback. Every loss can also be used as a metric.
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

/** The first element, 0 if there is none. */
const first = (values: ArrayLike<number> | undefined): number => values?.[0] ?? 0;

/** A metric that is the mean of one value per sample, followed by `transform`. */
function meanMetric(
  name: string,
  valuesOf: (labels: Node, predictions: Node) => Node,
  transform = (x: number) => x,
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
      return transform(first(total) / first(count));
    },
  };
}

/**
 * Creates a metric from a loss function: its mean over all samples. Labels are reshaped to the shape of the predictions if the
 * shapes differ only by a last axis of size 1.
 *
 * @param name the name in logs and history
 * @param loss returns one value per sample, float32 [batch]
 * @example
 * model.compile({ optimizer: 'adam', loss: 'mse', metrics: [lossMetric('huber', huber({ delta: 0.5 }))] });
 */
export function lossMetric(name: string, loss: LossFunction): Metric {
  checkArguments('lossMetric', arguments, { name: required(logName), loss: required(lossLike) });
  return meanMetric(name, loss);
}

/** Mean squared error: the mean of (y − p)². */
export function meanSquaredErrorMetric(): Metric {
  checkCount('meanSquaredErrorMetric', arguments);
  return meanMetric('meanSquaredError', meanSquaredError);
}

/** Mean absolute error: the mean of |y − p|. */
export function meanAbsoluteErrorMetric(): Metric {
  checkCount('meanAbsoluteErrorMetric', arguments);
  return meanMetric('meanAbsoluteError', meanAbsoluteError);
}

/** Root mean squared error: the square root of the mean of (y − p)² over the whole epoch, not the mean over batches. */
export function rootMeanSquaredError(): Metric {
  checkCount('rootMeanSquaredError', arguments);
  return meanMetric('rootMeanSquaredError', meanSquaredError, Math.sqrt);
}

/** Options of `binaryAccuracy`. */
export interface ThresholdOptions {
  /** Predictions above the threshold are 1. Use 0 for logits. Default 0.5. */
  readonly threshold?: number;
}

const isBinaryHit =
  (threshold: number) =>
  (labels: Node, predictions: Node): Node =>
    perSample(equal(matchLabels('binaryAccuracy', labels, predictions), greater(predictions, threshold)));

const isCategoricalHit = (labels: Node, predictions: Node): Node => {
  const truth = matchLabels('categoricalAccuracy', labels, predictions);
  return perSample(equalIndices(argMax(truth), argMax(predictions)));
};

const isSparseHit = (labels: Node, predictions: Node): Node =>
  perSample(equalIndices(matchClassNumbers('sparseCategoricalAccuracy', labels, predictions), argMax(predictions)));

/** Compares class indices as float32, which is exact up to 2²⁴. */
function equalIndices(x: Node, y: Node): Node {
  return equal(cast(x, 'float32'), cast(y, 'float32'));
}

/** Fraction of outputs where prediction > threshold agrees with the label, 0 or 1. @throws ValueError for an invalid option */
export function binaryAccuracy(chosen: ThresholdOptions = {}): Metric {
  checkArguments('binaryAccuracy', arguments, { options: options({ threshold: number() }) });
  return meanMetric('binaryAccuracy', isBinaryHit(chosen.threshold ?? 0.5));
}

/** Fraction of samples whose most likely class is that of the one-hot label. */
export function categoricalAccuracy(): Metric {
  checkCount('categoricalAccuracy', arguments);
  return meanMetric('categoricalAccuracy', isCategoricalHit);
}

/** Fraction of samples whose most likely class equals the label, a class index. */
export function sparseCategoricalAccuracy(): Metric {
  checkCount('sparseCategoricalAccuracy', arguments);
  return meanMetric('sparseCategoricalAccuracy', isSparseHit);
}

/**
 * Accuracy, chosen by shape as in Keras: binary for a single output, categorical for one-hot labels, otherwise sparse.
 *
 * @example
 * model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: [accuracy()] });
 */
export function accuracy(): Metric {
  checkCount('accuracy', arguments);
  return meanMetric('accuracy', (labels, predictions) => {
    const outputs = predictions.shape.length === 1 ? 1 : predictions.shape.at(-1)!;
    if (outputs === 1) return isBinaryHit(0.5)(labels, predictions);
    return areWide(labels, predictions) ? isCategoricalHit(labels, predictions) : isSparseHit(labels, predictions);
  });
}

/** Fraction of samples where fewer than k classes are more likely than that of the one-hot label. `k` defaults to 5. */
export function topKCategoricalAccuracy(chosen: { readonly k?: number } = {}): Metric {
  checkArguments('topKCategoricalAccuracy', arguments, { options: options({ k: integer(1) }) });
  const { k = 5 } = chosen;
  return meanMetric('topKCategoricalAccuracy', (labels, predictions) => {
    const truth = matchLabels('topKCategoricalAccuracy', labels, predictions);
    const likelihood = sum(mul(truth, predictions), -1, true);
    return perSample(less(sum(greater(predictions, likelihood), -1), k));
  });
}

/** The names that `compile({ metrics })` accepts. */
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

/** Resolves a name to a metric; a metric is returned as is. Throws `ValueError` for an unknown name. */
export function metricFrom(metric: MetricName | Metric): Metric {
  if (typeof metric === 'object') return metric;
  const losses = lossNames().map((name) => [name, () => lossMetric(name, lossFrom(name))] as const);
  return lookUp('metric', metric, { ...metrics, ...Object.fromEntries(losses) })();
}
