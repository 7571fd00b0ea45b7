/** Which classes are taken for which, counted on the host from labels and predicted classes. */
import { anything, checkArguments, integer, options, required } from '../../core/arguments.ts';
import { checkShape } from '../../core/shape.ts';
import { HostTensor } from '../../data/tensor.ts';
import { checkClassNumbers } from './predicted-classes.ts';
import type { ClassNumbers } from './predicted-classes.ts';

export interface ConfusionMatrixOptions {
  /** How many classes there are, also such as do not occur. Default: up to the greatest number. */
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
 * How often each class was predicted for each: row the label's, column the prediction's, as in TensorFlow and
 * scikit-learn.
 *
 * @param labels class numbers from 0
 * @param predictions class numbers, as many: `predictedClasses(await model.predict(x))`
 * @returns int32 [classes, classes]
 * @throws ShapeError where the counts differ; ValueError for what is no class number
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
