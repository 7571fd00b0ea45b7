/** The streaming AUC: Keras's documented value, exact values if thresholds separate all scores, and numerical integration. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auc } from '../../src/nn/metrics/auc.ts';
import { rocAuc } from '../../src/nn/metrics/roc-auc.ts';
import { integers, measure, messageOf, tensor } from './support.ts';

const all = (count: number): number[] => new Array<number>(count).fill(1);
const binary = (labels: number[], scores: number[]) => ({
  labels: tensor(labels),
  predictions: tensor(scores, [scores.length, 1]),
  mask: all(labels.length),
});

describe('ROC', () => {
  it('is as Keras documents it', () => {
    expect(measure(auc({ numThresholds: 3 }), binary([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))).toBeCloseTo(0.75, 6);
  });

  /** A score between two of the 200 thresholds, so that a threshold separates any two different scores. */
  const sample = fc.tuple(
    fc.nat(1),
    fc.nat(198).map((place) => (place + 0.5) / 199),
  );

  it('is exact where every two scores have a threshold between them, however the samples are batched', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 2, maxLength: 40 }), fc.nat(40), (given, cut) => {
        const part = (from: number, to?: number) => {
          const own = given.slice(from, to);
          const [labels, scores] = [own.map(([label]) => label), own.map(([, score]) => score)];
          // One row of padding, with the highest score.
          return { ...binary([...labels, 0], [...scores, 1]), mask: [...all(own.length), 0] };
        };
        const given200 = measure(auc(), part(0, cut), part(cut));
        const exact = rocAuc(
          given.map(([label]) => label),
          given.map(([, score]) => score),
        );
        // Without positives or negatives Keras returns 0; for scikit-learn it is undefined.
        if (Number.isNaN(exact)) expect(given200).toBe(0);
        else expect(given200).toBeCloseTo(exact, 12);
      }),
    );
  });

  it('is 1 for perfect scores, 0 for reversed ones, 1/2 for equal ones and at two thresholds', () => {
    expect(measure(auc(), binary([0, 1], [0, 1]))).toBe(1);
    expect(measure(auc(), binary([1, 0], [0, 1]))).toBe(0);
    expect(measure(auc(), binary([1, 0], [0.4, 0.4]))).toBe(0.5);
    expect(measure(auc({ numThresholds: 2 }), binary([0, 1], [0, 1]))).toBe(0.5);
  });

  it('takes logits', () => {
    const labels = [0, 1, 0, 1, 1];
    const logits = [-3, -1, 0.5, 2, 8];
    expect(measure(auc({ fromLogits: true }), binary(labels, logits))).toBeCloseTo(rocAuc(labels, logits), 12);
  });

  it('takes several outputs together or class by class', () => {
    const numbers = [0, 1, 2, 2, 1];
    const scores = [0.7, 0.2, 0.1, 0.3, 0.3, 0.4, 0.1, 0.5, 0.4, 0.2, 0.1, 0.7, 0.25, 0.6, 0.15];
    const batch = { labels: integers(numbers), predictions: tensor(scores, [5, 3]), mask: all(5) };
    const hot = numbers.flatMap((label) => [0, 1, 2].map((place) => Number(place === label)));
    const exact = [0, 1, 2].map((own) => {
      const ofClass = (values: number[]): number[] => values.filter((_, place) => place % 3 === own);
      return rocAuc(ofClass(hot), ofClass(scores));
    }) as [number, number, number];
    expect(new Set(exact).size).toBe(3);
    exact.forEach((value, classId) => expect(measure(auc({ classId }), batch)).toBeCloseTo(value, 12));
    expect(measure(auc({ average: 'macro' }), batch)).toBeCloseTo((exact[0] + exact[1] + exact[2]) / 3, 12);
    expect(measure(auc({ average: 'weighted' }), batch)).toBeCloseTo((exact[0] + 2 * exact[1] + 2 * exact[2]) / 5, 12);
    expect(measure(auc(), batch)).toBeCloseTo(rocAuc(hot, scores), 12);
    const wide = { ...batch, labels: tensor(hot, [5, 3]) };
    expect(measure(auc({ average: 'macro' }), wide)).toBeCloseTo((exact[0] + exact[1] + exact[2]) / 3, 12);
  });

  it('has no place for NaN above any threshold', () => {
    // Of the two positives one is found nowhere, so the curve ends at a rate of 1/2.
    expect(measure(auc(), binary([1, 1, 0], [NaN, 0.9, 0.1]))).toBeCloseTo(0.5, 12);
  });
});

describe('PR', () => {
  /** Integrates precision over recall in a thousand steps per segment: true and predicted positives grow proportionally. */
  function integrated(labels: readonly number[], scores: readonly number[], thresholds: readonly number[]): number {
    const at = thresholds.map((threshold) => {
      const found = scores.flatMap((score, place) => (score > threshold ? [labels[place]!] : []));
      return { found: found.length, hits: found.filter((label) => label === 1).length };
    });
    const steps = 1000;
    let area = 0;
    for (let segment = 0; segment + 1 < at.length; segment++) {
      const [more, fewer] = [at[segment]!, at[segment + 1]!];
      for (let step = 0; step < steps; step++) {
        const share = (step + 0.5) / steps;
        const hits = fewer.hits + share * (more.hits - fewer.hits);
        const found = fewer.found + share * (more.found - fewer.found);
        if (found > 0) area += ((more.hits - fewer.hits) / steps) * (hits / found);
      }
    }
    return area / labels.filter((label) => label === 1).length;
  }

  it('is the integral of precision over recall', () => {
    const sample = fc.tuple(
      fc.nat(1),
      fc.nat(40).map((place) => place / 40),
    );
    const thresholds = [-1, 0.25, 0.5, 0.75, 2];
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 20 }), (given) => {
        const [labels, scores] = [given.map(([label]) => label), given.map(([, score]) => score)];
        fc.pre(labels.includes(1));
        const expected = integrated(labels, scores, thresholds);
        expect(measure(auc({ curve: 'PR', numThresholds: 5 }), binary(labels, scores))).toBeCloseTo(expected, 4);
      }),
    );
  });

  it('is 1 for perfect scores, the share of positives for equal ones, 0 without positives', () => {
    const of = (labels: number[], scores: number[]): number => measure(auc({ curve: 'PR' }), binary(labels, scores));
    expect(of([0, 1], [0, 1])).toBe(1);
    expect(of([1, 0, 0, 0], [0.4, 0.4, 0.4, 0.4])).toBeCloseTo(0.25, 12);
    expect(of([0, 0], [0.2, 0.7])).toBe(0);
  });
});

it('mistakes', () => {
  expect(messageOf(() => auc({ numThresholds: 1 }))).toBe(
    'ValueError: auc: numThresholds must be an integer ≥ 2 and ≤ 1000000, not 1',
  );
  expect(messageOf(() => auc({ curve: 'roc' as 'ROC' }))).toBe(
    "ValueError: auc: curve must be 'ROC' or 'PR', not 'roc'",
  );
  expect(messageOf(() => auc({ average: '' as 'macro' }))).toContain("auc: average must be 'micro'");
});
