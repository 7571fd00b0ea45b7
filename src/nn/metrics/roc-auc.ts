/** The exact area under the ROC curve of arrays, computed on the host. `auc.ts` contains the streaming metric. */
import { anything, checkArguments, required } from '../../core/arguments.ts';
import { describe } from '../../core/describe.ts';
import { ValueError } from '../../core/errors.ts';
import { oneEach, requireSameLength } from './predicted-classes.ts';
import type { ClassNumbers } from './predicted-classes.ts';

/**
 * Exact area under the ROC curve: the probability that a positive has a higher score than a negative, where ties count one half.
 * Computed from ranks (Mann, Whitney 1947), in float64 and O(n log n) time.
 *
 * @param labels 0 or 1 for each sample
 * @param scores one number per sample, possibly infinite: probabilities or logits
 * @returns the area in [0, 1]; NaN if all labels are equal, as in scikit-learn
 * @throws ShapeError when the lengths differ; ValueError for other labels and for NaN scores
 * @example
 * rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
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
