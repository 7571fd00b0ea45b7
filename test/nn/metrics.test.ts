import { describe, expect, test } from 'vitest';
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  lossMetric,
  meanAbsoluteErrorMetric,
  meanSquaredErrorMetric,
  metricFrom,
  rootMeanSquaredError,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
} from '../../src/nn/metrics/metrics.ts';
import { recall } from '../../src/nn/metrics/classification-metrics.ts';
import { huber } from '../../src/nn/losses/losses.ts';
import { integers, measure, messageOf, tensor } from './support.ts';
import type { Batch } from './support.ts';

describe('accuracy', () => {
  const scores = tensor([0.1, 0.7, 0.2, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6, 1, 0, 0], [4, 3]);
  const oneHot = tensor([0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0], [4, 3]);
  const numbers = integers([1, 2, 2, 0]);
  const all = [1, 1, 1, 1];

  test('categorical and sparse', () => {
    expect(measure(categoricalAccuracy(), { labels: oneHot, predictions: scores, mask: all })).toBe(0.75);
    expect(measure(sparseCategoricalAccuracy(), { labels: numbers, predictions: scores, mask: all })).toBe(0.75);
  });

  test('binary, at any threshold', () => {
    const [labels, predictions] = [tensor([0, 1, 1, 0, 1]), tensor([0.2, 0.9, 0.4, 0.5, 0.6], [5, 1])];
    const mask = [1, 1, 1, 1, 1];
    expect(measure(binaryAccuracy(), { labels, predictions, mask })).toBeCloseTo(4 / 5, 6); // 0.5 counts as 0
    expect(measure(binaryAccuracy({ threshold: 0.3 }), { labels, predictions, mask })).toBeCloseTo(4 / 5, 6);
    expect(measure(binaryAccuracy({ threshold: 0.15 }), { labels, predictions, mask })).toBeCloseTo(3 / 5, 6);
  });

  test('chooses by the shapes, as Keras does', () => {
    const batch = { predictions: scores, mask: all };
    expect(measure(accuracy(), { labels: oneHot, ...batch })).toBe(0.75);
    expect(measure(accuracy(), { labels: numbers, ...batch })).toBe(0.75);
    expect(measure(accuracy(), { labels: integers([1, 2, 2, 0], [4, 1]), ...batch })).toBe(0.75);
    const column = tensor([0.2, 0.9], [2, 1]);
    expect(measure(accuracy(), { labels: integers([0, 1]), predictions: column, mask: [1, 1] })).toBe(1);
    expect(measure(accuracy(), { labels: tensor([0, 0], [2, 1]), predictions: column, mask: [1, 1] })).toBe(0.5);
    // As many samples as classes: labels of rank 1 are still class numbers.
    const square = tensor([0.1, 0.7, 0.2, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6], [3, 3]);
    expect(measure(accuracy(), { labels: integers([1, 0, 0]), predictions: square, mask: [1, 1, 1] })).toBeCloseTo(
      2 / 3,
      6,
    );
  });

  test('one label for each place of a sequence', () => {
    const predictions = tensor([0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.6, 0.4], [2, 2, 2]);
    const labels = integers([0, 0, 1, 0], [2, 2]);
    expect(measure(accuracy(), { labels, predictions, mask: [1, 1] })).toBe(0.75);
  });

  test('padding does not count, and batches add up', () => {
    const first = { labels: numbers, predictions: scores, mask: all };
    const second = { labels: integers([1, 1, 0, 0]), predictions: scores, mask: [1, 1, 0, 0] };
    expect(measure(accuracy(), first, second)).toBeCloseTo((3 + 1) / 6, 6);
  });

  test('top k', () => {
    const batch = { labels: oneHot, predictions: scores, mask: all };
    expect(measure(topKCategoricalAccuracy({ k: 1 }), batch)).toBe(0.75);
    expect(measure(topKCategoricalAccuracy({ k: 2 }), batch)).toBe(1);
  });
});

describe('errors of numbers', () => {
  const batches: Batch[] = [
    { labels: tensor([0, 0, 0]), predictions: tensor([1, 2, 3], [3, 1]), mask: [1, 1, 1] },
    { labels: tensor([0, 0, 0]), predictions: tensor([-4, 9, 9], [3, 1]), mask: [1, 0, 0] },
  ];

  test('means over all samples', () => {
    expect(measure(meanSquaredErrorMetric(), ...batches)).toBe(30 / 4);
    expect(measure(meanAbsoluteErrorMetric(), ...batches)).toBe(10 / 4);
    expect(measure(rootMeanSquaredError(), ...batches)).toBeCloseTo(Math.sqrt(30 / 4), 12);
    expect(measure(lossMetric('far', huber({ delta: 0.5 })), ...batches)).toBeCloseTo((0.5 * (10 - 4 * 0.25)) / 4, 6);
  });
});

test('names', () => {
  expect(metricFrom('accuracy').name).toBe('accuracy');
  expect(metricFrom('mae').name).toBe('mae');
  expect(metricFrom('binaryCrossentropy').name).toBe('binaryCrossentropy');
  const own = recall();
  expect(metricFrom(own)).toBe(own);
  expect(messageOf(() => metricFrom('acuracy' as 'accuracy'))).toMatchInlineSnapshot(
    `"ValueError: metric: there is no 'acuracy'; did you mean 'accuracy'?"`,
  );
  expect(messageOf(() => metricFrom('meanSquareError' as 'mse'))).toMatchInlineSnapshot(
    `"ValueError: metric: there is no 'meanSquareError'; did you mean 'meanSquaredError'?"`,
  );
  expect(messageOf(() => topKCategoricalAccuracy({ k: 0 }))).toMatchInlineSnapshot(
    `"ValueError: topKCategoricalAccuracy: k must be an integer ≥ 1, not 0"`,
  );
});
