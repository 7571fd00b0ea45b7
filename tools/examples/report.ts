/** The evaluation report of a mail classifier as lines of text. */
import { classificationReport, confusionMatrix } from '../../src/index.ts';

export const classNames = ['wanted', 'spam'] as const;

/** Precision, recall and F1 of both classes, and the confusion matrix. `predicted` are class indices. */
export function reportLines(labels: readonly number[], predicted: ArrayLike<number>): string[] {
  const report = classificationReport(Int32Array.from(labels), Int32Array.from(predicted), { numClasses: 2 });
  const matrix = confusionMatrix(Int32Array.from(labels), Int32Array.from(predicted), { numClasses: 2 });
  const cell = (value: string | number): string => String(value).padStart(15);
  return [
    ['', 'precision', 'recall', 'F1', 'mails'].map(cell).join(''),
    ...report.classes.map(({ precision, recall, f1Score, support }, index) =>
      [classNames[index]!, ...[precision, recall, f1Score].map((value) => value.toFixed(4)), support]
        .map(cell)
        .join(''),
    ),
    ['is \\ taken for', ...classNames].map(cell).join(''),
    ...classNames.map((name, row) => [name, ...matrix.data.slice(2 * row, 2 * row + 2)].map(cell).join('')),
  ];
}
