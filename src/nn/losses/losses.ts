/**
 * The losses of numbers and of margins, and the closed table of all losses by name. Each gives one value for each sample,
 * the mean over its other axes, as Keras does. The cross-entropies are in `crossentropies.ts`.
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

/** Mean of (y − p)². */
export const meanSquaredError: LossFunction = defineLoss('meanSquaredError', (labels, predictions) =>
  perSample(square(sub(predictions, matchLabels('meanSquaredError', labels, predictions)))),
);

/** Mean of |y − p|. The gradient where both are equal is 0. */
export const meanAbsoluteError: LossFunction = defineLoss('meanAbsoluteError', (labels, predictions) =>
  perSample(abs(sub(predictions, matchLabels('meanAbsoluteError', labels, predictions)))),
);

/**
 * Mean of ½e² where |e| ≤ delta, delta · (|e| − ½ delta) beyond, e = p − y (Huber 1964): outliers pull with the same
 * force however far out they are. `delta` is 1 by default.
 *
 * @throws ValueError for a delta that is not positive
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

/** Mean of log(cosh(p − y)), written e + softplus(−2e) − log 2: like ½e² near 0, like |e| far away. */
export const logCosh: LossFunction = defineLoss('logCosh', (labels, predictions) => {
  const error = sub(predictions, matchLabels('logCosh', labels, predictions));
  return perSample(sub(add(error, softplus(mul(error, -2))), Math.LN2));
});

/** 1 − y · p, where positive. Labels are −1 and 1; a 0 counts as −1. */
function margin(loss: string, labels: Node, predictions: Node): Node {
  const given = matchLabels(loss, labels, predictions);
  return relu(sub(1, mul(select(equal(given, 0), -1, given), predictions)));
}

/** Mean of max(1 − y · p, 0) for labels −1 and 1; a label of 0 counts as −1. */
export const hinge: LossFunction = defineLoss('hinge', (labels, predictions) =>
  perSample(margin('hinge', labels, predictions)),
);

/** Mean of max(1 − y · p, 0)² for labels −1 and 1; a label of 0 counts as −1. */
export const squaredHinge: LossFunction = defineLoss('squaredHinge', (labels, predictions) =>
  perSample(square(margin('squaredHinge', labels, predictions))),
);

/**
 * Σ y · log(y / p) over the last axis, both clipped to [10⁻⁷, 1] (Kullback, Leibler 1951): how far the predicted
 * distribution is from the labels', which are distributions too.
 */
export const klDivergence: LossFunction = defineLoss('klDivergence', (labels, predictions) => {
  const truth = clip(matchLabels('klDivergence', labels, predictions), { min: 1e-7, max: 1 });
  return perSample(sum(mul(truth, log(div(truth, clip(predictions, { min: 1e-7, max: 1 })))), -1));
});

/** Every loss that a name can stand for. `mse`, `mae` and `klDivergence` are as in Keras. */
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

/** The loss that a name stands for, or the function itself. Throws `ValueError` for an unknown name. */
export function lossFrom(loss: LossName | LossFunction): LossFunction {
  if (loss === (huber as unknown)) throw new ValueError('loss: huber makes a loss: call it first, as in huber()');
  return typeof loss === 'function' ? loss : lookUp('loss', loss, losses);
}

/** Every name of the table. */
export function lossNames(): LossName[] {
  return Object.keys(losses) as LossName[];
}

/** The name of a loss of this file, or undefined for a function of one's own: such a one is not saved. */
export function lossName(loss: LossName | LossFunction): LossName | undefined {
  if (typeof loss === 'string') return loss;
  return lossNames().find((name) => losses[name] === loss);
}
