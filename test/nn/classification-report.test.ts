/** Classification reports on the host: scikit-learn's documented examples, random data against the definition, and errors. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationReport } from '../../src/nn/metrics/classification-report.ts';
import { confusionMatrix } from '../../src/nn/metrics/confusion-matrix.ts';
import { predictedClasses } from '../../src/nn/metrics/predicted-classes.ts';
import { rocAuc } from '../../src/nn/metrics/roc-auc.ts';
import { tensor } from '../../src/data/tensor.ts';
import { messageOf } from './support.ts';

describe('confusionMatrix', () => {
  it('is as scikit-learn documents it: rows are labels', () => {
    const matrix = confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2]);
    expect(matrix.toArray()).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
    expect(matrix.dtype).toBe('int32');
  });

  it('takes tensors with a last axis of 1, more classes than occur, and nothing', () => {
    const column = tensor([[1], [0]]);
    expect(confusionMatrix(column, Int32Array.of(1, 1)).toArray()).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(confusionMatrix([0], [0], { numClasses: 3 }).shape).toEqual([3, 3]);
    expect(confusionMatrix([], []).shape).toEqual([0, 0]);
  });

  it.each([
    [() => confusionMatrix([0, 1], [0]), 'ShapeError: confusionMatrix: there are 2 labels and 1 predictions'],
    [() => confusionMatrix([0, 1], [0.2, 0.8]), 'ValueError: confusionMatrix: predictions[0] is 0.2, expected a class'],
    [() => confusionMatrix([-1], [0]), 'labels[0] is -1, expected a class number from 0 on'],
    [() => confusionMatrix([2], [0], { numClasses: 2 }), 'labels[0] is 2, expected a class number from 0 to 1'],
    [() => confusionMatrix([NaN], [0]), 'labels[0] is NaN'],
    [() => confusionMatrix([0], [0], { numClasses: 0 }), 'numClasses must be an integer ≥ 1, not 0'],
    [() => confusionMatrix([1e9], [0]), 'ShapeError: confusionMatrix: [1000000001, 1000000001] has'],
    [
      () => confusionMatrix([0, 1], tensor([[1, 0], [0, 1]])), // prettier-ignore
      'ShapeError: confusionMatrix: predictions has shape [2, 2], expected one number for each sample: predictedClasses()',
    ],
  ])('%s', (action, message) => {
    expect(messageOf(action)).toContain(message);
  });
});

describe('classificationReport', () => {
  it('is as scikit-learn documents it', () => {
    const report = classificationReport([0, 1, 2, 2, 2], [0, 0, 2, 2, 1]);
    const row = (scores: (typeof report.classes)[number]): string =>
      [scores.precision, scores.recall, scores.f1Score].map((value) => value.toFixed(2)).join(' ');
    expect(report.classes.map(row)).toEqual(['0.50 1.00 0.67', '0.00 0.00 0.00', '1.00 0.67 0.80']);
    expect(report.classes.map(({ support }) => support)).toEqual([1, 1, 3]);
    expect(report.accuracy).toBe(0.6);
    expect(row(report.macroAverage)).toBe('0.50 0.56 0.49');
    expect(row(report.weightedAverage)).toBe('0.70 0.60 0.61');
    expect([report.macroAverage.support, report.weightedAverage.support]).toEqual([5, 5]);
  });

  it('is by definition, for any class of any data', () => {
    const pairs = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1 });
    fc.assert(
      fc.property(pairs, fc.nat(3), (given, own) => {
        const report = classificationReport(
          given.map(([label]) => label),
          given.map(([, guess]) => guess),
          { numClasses: 4 },
        );
        const count = (holds: (label: number, guess: number) => boolean): number =>
          given.filter(([label, guess]) => holds(label, guess)).length;
        const hits = count((label, guess) => label === own && guess === own);
        const { precision, recall, f1Score, support } = report.classes[own]!;
        expect(support).toBe(count((label) => label === own));
        expect(precision).toBeCloseTo(hits / count((_, guess) => guess === own) || 0, 12);
        expect(recall).toBeCloseTo(hits / support || 0, 12);
        expect(f1Score).toBeCloseTo((2 * precision * recall) / (precision + recall) || 0, 12);
        expect(report.accuracy).toBeCloseTo(count((label, guess) => label === guess) / given.length, 12);
      }),
    );
  });

  it('is zeros where there is nothing', () => {
    const { classes, accuracy, macroAverage } = classificationReport([], []);
    expect([classes, accuracy, macroAverage.f1Score]).toEqual([[], 0, 0]);
    expect(classificationReport([0, 0], [0, 0]).classes).toEqual([{ precision: 1, recall: 1, f1Score: 1, support: 2 }]);
  });
});

describe('predictedClasses', () => {
  it('takes the greatest of several, the first of equals, never NaN', () => {
    const rows = [
      [0.1, 0.7, 0.2],
      [0.4, 0.2, 0.4],
      [-3, -1, -2],
      [NaN, 0.1, 0.2],
    ];
    expect(predictedClasses(rows)).toEqual(Int32Array.of(1, 0, 1, 2));
  });

  it('takes what is above the threshold of one', () => {
    expect(predictedClasses(tensor([0.2, 0.5, 0.9], [3, 1]))).toEqual(Int32Array.of(0, 0, 1));
    expect(predictedClasses([-1, 0.1, NaN], { threshold: 0 })).toEqual(Int32Array.of(0, 1, 0));
    expect(messageOf(() => predictedClasses(tensor([1], [1, 1, 1])))).toContain(
      'ShapeError: predictedClasses: predictions',
    );
    expect(messageOf(() => predictedClasses([1], { threshold: NaN }))).toContain('threshold must be a finite number');
  });
});

describe('rocAuc', () => {
  it('is as scikit-learn documents it', () => {
    expect(rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).toBe(0.75);
  });

  it('is how often a positive is above a negative, a tie counting half', () => {
    const sample = fc.tuple(fc.nat(1), fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-Infinity, Infinity)));
    fc.assert(
      fc.property(fc.array(sample), (given) => {
        const wins = given.flatMap(([label, score]) =>
          label === 0
            ? []
            : given.flatMap(([other, lower]) => (other === 1 ? [] : [score > lower ? 1 : score === lower ? 0.5 : 0])),
        );
        const expected = wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
        const given1 = rocAuc(
          given.map(([label]) => label),
          given.map(([, score]) => score),
        );
        if (Number.isNaN(expected)) expect(given1).toBeNaN();
        else expect(given1).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('takes a million samples', { timeout: 20_000 }, () => {
    const scores = Float32Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) % 1_000_003);
    const labels = Uint8Array.from(scores, (score) => Number(score >= 500_000));
    expect(rocAuc(labels, scores)).toBe(1);
  });

  it.each([
    [() => rocAuc([0, 1], [0]), 'ShapeError: rocAuc: there are 2 labels and 1 scores: they must be equal'],
    [() => rocAuc([0, 2], [0, 1]), 'ValueError: rocAuc: labels[1] is 2, expected 0 or 1'],
    [() => rocAuc([0, 1], [0, NaN]), 'ValueError: rocAuc: scores[1] is NaN, which has no rank'],
  ])('%s', (action, message) => {
    expect(messageOf(action)).toContain(message);
  });
});
