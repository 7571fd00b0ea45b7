/** The confusion matrix of arrays of labels and predicted classes, computed on the host. */
import { anything, checkArguments, integer, options, required } from '../../core/arguments.ts';
import { checkShape } from '../../core/shape.ts';
import { HostTensor } from '../../data/tensor.ts';
import { checkClassNumbers } from './predicted-classes.ts';
import type { ClassNumbers } from './predicted-classes.ts';

/** Options of `confusionMatrix` and `classificationReport`. */
export interface ConfusionMatrixOptions {
  /** Number of classes. Default: the maximum class index plus one. */
  readonly numClasses?: number;
}

/** Checks the arguments of `confusionMatrix` and `classificationReport`. */
export function checkReport(caller: string, given: ArrayLike<unknown>): void {
  checkArguments(caller, given, {
    labels: required(anything),
    predictions: required(anything),
    options: options({ numClasses: integer(1) }),
  });
}

/**
 * Counts how often each class was predicted for each label. Rows are labels and columns are predictions, as in TensorFlow and
 * scikit-learn.
 *
 * @param labels class indices, starting at 0
 * @param predictions as many class indices: `predictedClasses(await model.predict(x))`
 * @returns int32 [classes, classes]
 * @throws ShapeError when the lengths differ; ValueError for values that are not class indices
 * @example
 * confusionMatrix([0, 1, 1], [0, 1, 0]).toArray(); // [[1, 0], [1, 1]]
 */
export function confusionMatrix(
  labels: ClassNumbers,
  predictions: ClassNumbers,
  chosen: ConfusionMatrixOptions = {},
): HostTensor {
  checkReport('confusionMatrix', arguments);
  const { numClasses } = chosen;
  const [truth, guesses] = checkClassNumbers('confusionMatrix', { labels, predictions }, numClasses);
  let classes = numClasses ?? 0;
  for (let sample = 0; sample < truth.length; sample++) {
    classes = Math.max(classes, truth[sample]! + 1, guesses[sample]! + 1);
  }
  checkShape('confusionMatrix', [classes, classes]);
  const counts = new Int32Array(classes * classes);
  for (let sample = 0; sample < truth.length; sample++) {
    counts[truth[sample]! * classes + guesses[sample]!]! += 1;
  }
  return new HostTensor(counts, [classes, classes]);
}
