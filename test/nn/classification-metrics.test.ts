/** Streaming precision, recall and F1: published values, random data against the definition, and errors. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationReport } from '../../src/nn/metrics/classification-report.ts';
import { f1Score, precision, recall } from '../../src/nn/metrics/classification-metrics.ts';
import { predictedClasses } from '../../src/nn/metrics/predicted-classes.ts';
import { HostTensor } from '../../src/data/tensor.ts';
import { integers, measure, messageOf, tensor } from './support.ts';
import type { Batch } from './support.ts';

describe('of one output', () => {
  const labels = tensor([1, 1, 1, 0, 0, 1, 1]);
  const predictions = tensor([0.9, 0.8, 0.1, 0.7, 0.2, 0.3, 0.9], [7, 1]);
  const batch = { labels, predictions, mask: [1, 1, 1, 1, 1, 1, 0] }; // 2 hits, 3 predicted, 4 positive

  it('come from counts over the whole epoch', () => {
    expect(measure(precision(), batch)).toBeCloseTo(2 / 3, 6);
    expect(measure(recall(), batch)).toBeCloseTo(2 / 4, 6);
    expect(measure(f1Score(), batch)).toBeCloseTo(4 / 7, 6);
    expect(measure(f1Score(), batch, batch)).toBeCloseTo(4 / 7, 6);
    expect(measure(recall({ threshold: 0.25 }), batch)).toBeCloseTo(3 / 4, 6);
    // One class is its own average, and has a threshold.
    expect(measure(f1Score({ average: 'macro' }), batch)).toBeCloseTo(4 / 7, 6);
    expect(measure(precision({ threshold: null }), batch)).toBeCloseTo(2 / 3, 6);
  });

  it('are 0 where there is nothing to count, as in Keras', () => {
    const none = { labels: tensor([0]), predictions: tensor([0], [1, 1]), mask: [1] };
    expect([precision(), recall(), f1Score()].map((metric) => measure(metric, none))).toEqual([0, 0, 0]);
    const averages = [f1Score({ average: 'macro' }), f1Score({ average: 'weighted' })];
    expect(averages.map((metric) => measure(metric, none))).toEqual([0, 0]);
  });

  it('take NaN for a prediction of 0', () => {
    const bad = { labels: tensor([1, 1]), predictions: tensor([NaN, 0.9]), mask: [1, 1] };
    expect([measure(precision(), bad), measure(recall(), bad)]).toEqual([1, 0.5]);
  });

  it('are as Keras documents them', () => {
    const given = { labels: tensor([0, 1, 1, 1]), predictions: tensor([1, 0, 1, 1]), mask: [1, 1, 1, 1] };
    expect(measure(precision(), given)).toBeCloseTo(0.6666667, 6);
    expect(measure(recall(), given)).toBeCloseTo(0.6666667, 6);
  });
});

describe('of several outputs', () => {
  it('class by class at a threshold, as Keras documents F1Score', () => {
    const labels = tensor([1, 1, 1, 1, 0, 0, 1, 1, 0], [3, 3]);
    const predictions = tensor([0.2, 0.6, 0.7, 0.2, 0.6, 0.6, 0.6, 0.8, 0], [3, 3]);
    const batch = { labels, predictions, mask: [1, 1, 1] };
    const of = (classId: number): number => measure(f1Score({ classId }), batch);
    expect([of(0), of(1), of(2)].map((value) => value.toFixed(7))).toEqual(['0.5000000', '0.8000000', '0.6666667']);
  });

  /** scikit-learn's documented example of its averages. */
  it.each([
    ['precision', precision, { micro: 1 / 3, macro: 2 / 9, weighted: 2 / 9 }],
    ['recall', recall, { micro: 1 / 3, macro: 1 / 3, weighted: 1 / 3 }],
    ['f1Score', f1Score, { micro: 1 / 3, macro: 4 / 15, weighted: 4 / 15 }],
  ] as const)('%s averages the likeliest classes', (_, metric, expected) => {
    const [labels, guesses] = [integers([0, 1, 2, 0, 1, 2]), [0, 2, 1, 0, 0, 1]];
    const scores = guesses.flatMap((guess) => [0, 1, 2].map((place) => (place === guess ? 0.4 : 0.3)));
    const batch = { labels, predictions: tensor(scores, [6, 3]), mask: [1, 1, 1, 1, 1, 1] };
    for (const average of ['micro', 'macro', 'weighted'] as const) {
      expect(measure(metric({ average }), batch)).toBeCloseTo(expected[average], 12);
    }
    expect(measure(metric({ average: 'macro', threshold: 0.35 }), batch)).toBeCloseTo(expected.macro, 12);
    // Nobody has more than 0.5, which is what counts without an average.
    expect(measure(metric(), batch)).toBe(0);
    expect(measure(metric({ threshold: null }), batch)).toBeCloseTo(1 / 3, 12);
  });

  it('at each place of a sequence', () => {
    const predictions = tensor([0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.6, 0.4], [2, 2, 2]);
    const batch = { labels: integers([0, 0, 1, 0], [2, 2]), predictions, mask: [1, 0] };
    expect(measure(precision({ classId: 0 }), batch)).toBe(1);
    expect(measure(recall({ classId: 0 }), batch)).toBe(0.5);
  });

  it('are those of the report on the host, however the samples are batched', () => {
    const samples = fc.array(fc.tuple(fc.nat(2), fc.array(fc.nat(20), { minLength: 3, maxLength: 3 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 5 }), fc.boolean(), (given, size, wide) => {
        const batches: Batch[] = [];
        for (let begin = 0; begin < given.length; begin += size) {
          // A short last batch is filled with samples that must not count.
          const rows = Array.from({ length: size }, (_, row) => given[begin + row] ?? ([1, [0, 9, 0]] as const));
          const numbers = rows.map(([label]) => label);
          const hot = numbers.flatMap((label) => [0, 1, 2].map((place) => Number(place === label)));
          batches.push({
            labels: wide ? tensor(hot, [size, 3]) : integers(numbers),
            predictions: tensor(
              rows.flatMap(([, scores]) => scores),
              [size, 3],
            ),
            mask: rows.map((_, row) => Number(begin + row < given.length)),
          });
        }
        const scores = Float32Array.from(given.flatMap(([, values]) => values));
        const report = classificationReport(
          given.map(([label]) => label),
          predictedClasses(new HostTensor(scores, [given.length, 3])),
          { numClasses: 3 },
        );
        const makers = { precision, recall, f1Score };
        for (const name of ['precision', 'recall', 'f1Score'] as const) {
          const of = (options: Parameters<typeof precision>[0]): number => measure(makers[name](options), ...batches);
          expect(of({ average: 'macro' })).toBeCloseTo(report.macroAverage[name], 12);
          expect(of({ average: 'weighted' })).toBeCloseTo(report.weightedAverage[name], 12);
          expect(of({ average: 'micro' })).toBeCloseTo(report.accuracy, 12);
          expect(of({ classId: 2, threshold: null })).toBeCloseTo(report.classes[2]![name], 12);
        }
      }),
    );
  });
});

it('names and mistakes', () => {
  expect(precision({ classId: 1, name: 'precision_1' }).name).toBe('precision_1');
  const batch = { labels: integers([0]), predictions: tensor([0, 0], [1, 2]), mask: [1] };
  expect(messageOf(() => measure(recall({ classId: 2 }), batch))).toBe(
    'ValueError: recall: classId must be below the 2 outputs of the model, not 2',
  );
  expect(messageOf(() => precision({ average: 'mean' as 'macro' }))).toBe(
    "ValueError: precision: average must be 'micro', 'macro' or 'weighted', not 'mean'",
  );
  expect(messageOf(() => f1Score({ average: 'macro', classId: 1 }))).toBe(
    'ValueError: f1Score: classId must be an integer ≥ 0, and without average, not 1',
  );
  expect(messageOf(() => recall({ threshold: NaN }))).toContain('recall: threshold must be a finite number');
  expect(messageOf(() => recall({ name: '' }))).toContain('recall: name must be a string');
  const wrong = { labels: integers([0, 0, 0], [1, 3]), predictions: tensor([0, 0], [1, 2]), mask: [1] };
  expect(messageOf(() => measure(recall(), wrong))).toMatch(/^ShapeError: recall: labels \[1, 3\] do not fit/);
});
