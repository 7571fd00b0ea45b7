/** The exact area under the ROC curve, from labels and scores on the host. `auc.ts` has the streaming one. */
import { anything, checkArguments, required } from '../../core/arguments.ts';
import { describe } from '../../core/describe.ts';
import { ValueError } from '../../core/errors.ts';
import { oneEach, requireSameLength } from './predicted-classes.ts';
import type { ClassNumbers } from './predicted-classes.ts';

/**
 * The probability that a positive has a higher score than a negative, an equal one counting half: the area under the
 * ROC curve of all thresholds, by the ranks of Mann and Whitney (1947). In float64, n log n time.
 *
 * @param labels 0 or 1 for each sample
 * @param scores any numbers, infinite ones included: probabilities or logits
 * @returns from 0 to 1; NaN where the labels are all of one kind, as in scikit-learn
 * @throws ShapeError where the counts differ; ValueError for other labels, and for a score that is NaN
 */
export function rocAuc(labels: ClassNumbers, scores: ClassNumbers): number {
  checkArguments('rocAuc', arguments, { labels: required(anything), scores: required(anything) });
  const [truth, values] = [oneEach('rocAuc', 'labels', labels), oneEach('rocAuc', 'scores', scores)];
  requireSameLength('rocAuc', { labels: truth, scores: values });
  const order = Uint32Array.from({ length: truth.length }, (_, sample) => {
    if (truth[sample] !== 0 && truth[sample] !== 1) {
      throw new ValueError(
        `rocAuc: labels[${sample}] is ${describe(truth[sample])}, expected 0 or 1: take one class at a time`,
      );
    }
    if (typeof values[sample] !== 'number' || Number.isNaN(values[sample])) {
      throw new ValueError(
        `rocAuc: scores[${sample}] is ${describe(values[sample])}, which has no rank: leave the sample out`,
      );
    }
    return sample;
  }).sort((a, b) => (values[a]! < values[b]! ? -1 : Number(values[a]! > values[b]!)));
  let [negatives, positives, wins] = [0, 0, 0];
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    let [tiedNegatives, tiedPositives] = [0, 0];
    for (; end < order.length && values[order[end]!] === values[order[begin]!]; end++) {
      if (truth[order[end]!] === 1) tiedPositives += 1;
      else tiedNegatives += 1;
    }
    wins += tiedPositives * (negatives + tiedNegatives / 2);
    negatives += tiedNegatives;
    positives += tiedPositives;
  }
  return wins / (positives * negatives);
}
