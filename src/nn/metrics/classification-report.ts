/** Precision, recall and F1 per class and averaged, from arrays of labels and predicted classes. */
import { ratio } from './class-counts.ts';
import { checkReport, confusionMatrix } from './confusion-matrix.ts';
import type { ConfusionMatrixOptions } from './confusion-matrix.ts';
import type { ClassNumbers } from './predicted-classes.ts';

/** The scores of one class, or their average. */
export interface ClassScores {
  /** TP / (TP + FP). */
  readonly precision: number;
  /** TP / (TP + FN). */
  readonly recall: number;
  /** 2 TP / (2 TP + FP + FN). */
  readonly f1Score: number;
  /** Number of samples of the class. */
  readonly support: number;
}

/** The result of `classificationReport`. */
export interface ClassificationReport {
  /** By class index. */
  readonly classes: readonly ClassScores[];
  /** Fraction of correctly predicted samples. */
  readonly accuracy: number;
  /** Unweighted mean over classes. */
  readonly macroAverage: ClassScores;
  /** Mean over classes, weighted by support. */
  readonly weightedAverage: ClassScores;
}

/**
 * Computes the scores of scikit-learn's `classification_report`. Undefined ratios are 0. A class that never occurs has zero
 * scores and is included in the macro average.
 *
 * @param labels class indices, starting at 0
 * @param predictions as many class indices: `predictedClasses(await model.predict(x))`
 * @throws ShapeError when the lengths differ; ValueError for values that are not class indices
 * @example
 * const { accuracy, classes } = classificationReport([0, 1, 1], [0, 1, 0]); // accuracy 2/3, classes[1].recall 0.5
 */
export function classificationReport(
  labels: ClassNumbers,
  predictions: ClassNumbers,
  options: ConfusionMatrixOptions = {},
): ClassificationReport {
  checkReport('classificationReport', arguments);
  const { data: counts, shape } = confusionMatrix(labels, predictions, options);
  const size = shape[0]!;
  const numbers = Array.from({ length: size }, (_, index) => index);
  const sumOf = (part: (index: number) => number): number => numbers.reduce((total, index) => total + part(index), 0);
  const at = (label: number, prediction: number): number => counts[label * size + prediction]!;
  const classes = numbers.map((own): ClassScores => {
    const [hits, predicted, support] = [
      at(own, own),
      sumOf((label) => at(label, own)),
      sumOf((guess) => at(own, guess)),
    ];
    return {
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1Score: ratio(2 * hits, predicted + support),
      support,
    };
  });
  const samples = sumOf((own) => classes[own]!.support);
  const average = (weightOf: (scores: ClassScores) => number): ClassScores => {
    const weights = classes.map(weightOf);
    const whole = weights.reduce((total, weight) => total + weight, 0);
    const mean = (score: 'precision' | 'recall' | 'f1Score'): number =>
      ratio(
        sumOf((own) => classes[own]![score] * weights[own]!),
        whole,
      );
    return { precision: mean('precision'), recall: mean('recall'), f1Score: mean('f1Score'), support: samples };
  };
  return {
    classes,
    accuracy: ratio(
      sumOf((own) => at(own, own)),
      samples,
    ),
    macroAverage: average(() => 1),
    weightedAverage: average(({ support }) => support),
  };
}
