/** Precision, recall and F1 of each class and over all, from labels and predicted classes: a test set's summary. */
import { ratio } from './class-counts.ts';
import { checkReport, confusionMatrix } from './confusion-matrix.ts';
import type { ConfusionMatrixOptions } from './confusion-matrix.ts';
import type { ClassNumbers } from './predicted-classes.ts';

export interface ClassScores {
  /** Of those predicted to be of the class, the share that is: TP / (TP + FP). */
  readonly precision: number;
  /** Of those of the class, the share that is found: TP / (TP + FN). */
  readonly recall: number;
  /** 2 TP / (2 TP + FP + FN). */
  readonly f1Score: number;
  /** How many samples are of the class. */
  readonly support: number;
}

export interface ClassificationReport {
  /** By class number. */
  readonly classes: readonly ClassScores[];
  /** The share of the samples whose class was predicted. */
  readonly accuracy: number;
  /** The mean of the classes. */
  readonly macroAverage: ClassScores;
  /** The mean of the classes by their support. */
  readonly weightedAverage: ClassScores;
}

/**
 * What scikit-learn's `classification_report` gives of these classes: a share of nothing is 0. A class below the greatest
 * number that never occurs has zeros, and counts in the macro average.
 *
 * @param labels class numbers from 0
 * @param predictions class numbers, as many: `predictedClasses(await model.predict(x))`
 * @throws ShapeError where the counts differ; ValueError for what is no class number
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
