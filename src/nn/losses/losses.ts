/**
 * Regression and margin losses, and the table of all losses by name. Each loss returns one value per sample, the mean over
 * the other axes, as in Keras. The cross-entropies are in `crossentropies.ts`.
 */
import { checkArguments, options, positive } from '../../core/arguments.ts';
import { lookUp } from '../../core/check.ts';
import { ValueError } from '../../core/errors.ts';
import type { Node } from '../../graph/node.ts';
import { relu, softplus } from '../../ops/elementwise/activation.ts';
import { abs, add, div, mul, square, sub } from '../../ops/elementwise/arithmetic.ts';
import { clip } from '../../ops/elementwise/clip.ts';
import { equal, lessEqual } from '../../ops/elementwise/compare.ts';
import { log } from '../../ops/elementwise/math.ts';
import { sum } from '../../ops/reduce/reduce.ts';
import { select } from '../../ops/elementwise/select.ts';
import {
  binaryCrossentropy,
  binaryCrossentropyFromLogits,
  categoricalCrossentropy,
  categoricalCrossentropyFromLogits,
  sparseCategoricalCrossentropy,
  sparseCategoricalCrossentropyFromLogits,
} from './crossentropies.ts';
import { matchLabels, perSample } from './labels.ts';
import { defineLoss } from './loss.ts';
import type { LossFunction } from './loss.ts';

/**
 * Mean squared error: the mean of (y − p)².
 *
 * @param labels the shape of the predictions; [batch] and [batch, 1] are equivalent
 * @param predictions float32 [batch, ...]
 * @returns float32 [batch]
 * @throws ShapeError when the shapes differ
 * @example
 * model.compile({ optimizer: 'adam', loss: meanSquaredError });
 */
export const meanSquaredError: LossFunction = defineLoss('meanSquaredError', (labels, predictions) =>
  perSample(square(sub(predictions, matchLabels('meanSquaredError', labels, predictions)))),
);

/** Mean absolute error: the mean of |y − p|. The gradient is 0 where both are equal. Arguments as for `meanSquaredError`. */
export const meanAbsoluteError: LossFunction = defineLoss('meanAbsoluteError', (labels, predictions) =>
  perSample(abs(sub(predictions, matchLabels('meanAbsoluteError', labels, predictions)))),
);

/**
 * Creates the Huber loss with e = p − y: the mean of ½e² where |e| ≤ delta, and delta · (|e| − ½ delta) elsewhere (Huber 1964).
 * The gradient of outliers is bounded by delta, which defaults to 1.
 *
 * @throws ValueError for a delta that is not positive
 * @example
 * model.compile({ optimizer: 'adam', loss: huber({ delta: 0.5 }) });
 */
export function huber(chosen: { readonly delta?: number } = {}): LossFunction {
  checkArguments('huber', arguments, { options: options({ delta: positive }) });
  const { delta = 1 } = chosen;
  return defineLoss('huber', (labels, predictions) => {
    const error = sub(predictions, matchLabels('huber', labels, predictions));
    const size = abs(error);
    const linear = mul(sub(size, delta / 2), delta);
    return perSample(select(lessEqual(size, delta), mul(square(error), 0.5), linear));
  });
}

/** Mean of log(cosh(e)), e = p − y, computed as e + softplus(−2e) − log 2: close to ½e² for small and to |e| for large errors. */
export const logCosh: LossFunction = defineLoss('logCosh', (labels, predictions) => {
  const error = sub(predictions, matchLabels('logCosh', labels, predictions));
  return perSample(sub(add(error, softplus(mul(error, -2))), Math.LN2));
});

/** max(1 − y · p, 0) for labels −1 and 1; a label of 0 is read as −1. */
function margin(loss: string, labels: Node, predictions: Node): Node {
  const given = matchLabels(loss, labels, predictions);
  return relu(sub(1, mul(select(equal(given, 0), -1, given), predictions)));
}

/** Hinge loss: the mean of max(1 − y · p, 0) for labels −1 and 1; a label of 0 is read as −1. */
export const hinge: LossFunction = defineLoss('hinge', (labels, predictions) =>
  perSample(margin('hinge', labels, predictions)),
);

/** Squared hinge loss: the mean of max(1 − y · p, 0)² for labels −1 and 1; a label of 0 is read as −1. */
export const squaredHinge: LossFunction = defineLoss('squaredHinge', (labels, predictions) =>
  perSample(square(margin('squaredHinge', labels, predictions))),
);

/**
 * Kullback-Leibler divergence of two distributions: Σ y · log(y / p) over the last axis, with y and p clipped to [10⁻⁷, 1]
 * (Kullback, Leibler 1951). Labels are probabilities in the shape of the predictions.
 */
export const klDivergence: LossFunction = defineLoss('klDivergence', (labels, predictions) => {
  const truth = clip(matchLabels('klDivergence', labels, predictions), { min: 1e-7, max: 1 });
  return perSample(sum(mul(truth, log(div(truth, clip(predictions, { min: 1e-7, max: 1 })))), -1));
});

/** The names that `compile({ loss })` accepts. `mse` and `mae` are aliases. */
export type LossName =
  | 'meanSquaredError'
  | 'mse'
  | 'meanAbsoluteError'
  | 'mae'
  | 'huber'
  | 'logCosh'
  | 'hinge'
  | 'squaredHinge'
  | 'klDivergence'
  | 'binaryCrossentropy'
  | 'binaryCrossentropyFromLogits'
  | 'categoricalCrossentropy'
  | 'categoricalCrossentropyFromLogits'
  | 'sparseCategoricalCrossentropy'
  | 'sparseCategoricalCrossentropyFromLogits';

const losses: Readonly<Record<LossName, LossFunction>> = {
  meanSquaredError,
  mse: meanSquaredError,
  meanAbsoluteError,
  mae: meanAbsoluteError,
  huber: (labels, predictions) => huber()(labels, predictions),
  logCosh,
  hinge,
  squaredHinge,
  klDivergence,
  binaryCrossentropy,
  binaryCrossentropyFromLogits,
  categoricalCrossentropy,
  categoricalCrossentropyFromLogits,
  sparseCategoricalCrossentropy,
  sparseCategoricalCrossentropyFromLogits,
};

/** Resolves a name to a loss; a function is returned as is. Throws `ValueError` for an unknown name. */
export function lossFrom(loss: LossName | LossFunction): LossFunction {
  if (loss === (huber as unknown)) throw new ValueError('loss: huber makes a loss: call it first, as in huber()');
  return typeof loss === 'function' ? loss : lookUp('loss', loss, losses);
}

/** All names in the table. */
export function lossNames(): LossName[] {
  return Object.keys(losses) as LossName[];
}

/** Returns the name of a built-in loss; undefined for a custom function, which cannot be saved. */
export function lossName(loss: LossName | LossFunction): LossName | undefined {
  if (typeof loss === 'string') return loss;
  return lossNames().find((name) => losses[name] === loss);
}
