/** The streaming confusion matrix: by hand, against the one of arrays, over batches with padding, and through a model. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionMatrix } from '../../src/nn/metrics/confusion-matrix.ts';
import { confusionMatrixMetric } from '../../src/nn/metrics/confusion-matrix-metric.ts';
import { predictedClasses } from '../../src/nn/metrics/predicted-classes.ts';
import { dense, sequential, tensor as hostTensor } from '../../src/index.ts';
import { integers, measure, tensor } from './support.ts';

describe('the confusion matrix of a stream', () => {
  it('has two classes for one output', () => {
    const metric = confusionMatrixMetric();
    const labels = tensor([1, 1, 1, 0, 0, 1]);
    const batch = { labels, predictions: tensor([0.9, 0.8, 0.1, 0.7, 0.2, 0.9], [6, 1]), mask: [1, 1, 1, 1, 1, 0] };
    expect(measure(metric, batch)).toBeCloseTo(3 / 5, 6);
    expect([...metric.matrix.data]).toEqual([1, 1, 1, 2]);
    expect(measure(metric, batch, batch)).toBeCloseTo(3 / 5, 6);
    expect([...metric.matrix.data]).toEqual([2, 2, 2, 4]);
    const low = confusionMatrixMetric({ threshold: 0.05, name: 'low' });
    measure(low, batch);
    expect([...low.matrix.data]).toEqual([0, 2, 0, 3]);
  });

  it('is that of the arrays', () => {
    const score = fc.integer({ min: 0, max: 9 }).map((digit) => digit / 10);
    const sample = fc.record({ label: fc.nat(2), scores: fc.tuple(score, score, score) });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 12 }), (samples) => {
        const labels = samples.map(({ label }) => label);
        const scores = samples.flatMap((one) => one.scores);
        const metric = confusionMatrixMetric();
        const predictions = tensor(scores, [samples.length, 3]);
        measure(metric, { labels: integers(labels), predictions, mask: labels.map(() => 1) });
        const guesses = predictedClasses(hostTensor(Float32Array.from(scores), [samples.length, 3]));
        expect([...metric.matrix.data]).toEqual([...confusionMatrix(labels, guesses, { numClasses: 3 }).data]);
      }),
    );
  });

  it('is counted while a model is evaluated, the last batch a short one', async () => {
    const metric = confusionMatrixMetric();
    expect(() => metric.matrix).toThrow('nothing is counted yet');
    const model = sequential([dense({ units: 2, activation: 'softmax', inputShape: [1] })]);
    model.setWeights([hostTensor([[-4, 4]]), hostTensor([0, 0])]); // class 1 for what is above 0
    model.compile({ loss: 'sparseCategoricalCrossentropy', metrics: [metric] });
    const x = hostTensor([[-1], [2], [3], [-4], [5]]);
    const { confusionMatrix: share } = await model.evaluate(x, hostTensor(Int32Array.of(0, 1, 0, 1, 1)), {
      batchSize: 2,
    });
    expect(metric.matrix.shape).toEqual([2, 2]);
    expect([...metric.matrix.data]).toEqual([1, 1, 1, 2]);
    expect(share).toBeCloseTo(3 / 5, 6);
    model.dispose();
  });

  it('refuses options that are none', () => {
    expect(() => confusionMatrixMetric({ threshold: NaN })).toThrow('threshold');
    expect(() => confusionMatrixMetric({ name: '' })).toThrow('name');
  });
});
