/** Classification metrics in fit, evaluate and callbacks, with short last batches: equal to those computed on the host. */
import { describe, expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { trainTestSplit } from '../../src/data/train-test-split.ts';
import type { Engine } from '../../src/engine.ts';
import { auc } from '../../src/nn/metrics/auc.ts';
import { f1Score, precision, recall } from '../../src/nn/metrics/classification-metrics.ts';
import { classificationReport } from '../../src/nn/metrics/classification-report.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { predictedClasses } from '../../src/nn/metrics/predicted-classes.ts';
import { rocAuc } from '../../src/nn/metrics/roc-auc.ts';
import { adam } from '../../src/optim/adam.ts';
import { earlyStopping } from '../../src/train/early-stopping.ts';
import { loadModel } from '../../src/files/load.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { blobs, classifier, engines } from '../support/models.ts';

/** Two classes of 53 points, of which the rarer is only most of a blob. */
const { x } = blobs(53, 3);
const y = Int32Array.from(blobs(53, 3).y.data, (label, place) => Number(label === 0 && place % 9 !== 0));

/** How many of the 200 thresholds lie below each score: what is left of the scores for the streaming AUC. */
const thresholdsBelow = (scores: TypedArray): number[] => Array.from(scores, (score) => Math.ceil(score * 199));

function binaryModel(engine: Engine): Model {
  const model = sequential([dense({ units: 1, activation: 'sigmoid', inputShape: [2] })], { engine, seed: 2 });
  model.compile({
    optimizer: adam({ learningRate: 0.3 }),
    loss: 'binaryCrossentropy',
    metrics: ['precision', 'recall', 'f1Score', 'auc', precision({ threshold: 0.3, name: 'eager' })],
  });
  return model;
}

describe.each(engines)('on %s', (_, createEngine) => {
  it('one output: evaluate agrees with the host, whatever the batches', async () => {
    const model = binaryModel(await createEngine());
    await model.fit(x, y, { epochs: 3, batchSize: 16 });
    const scores = await model.predict(x);
    const { 1: own } = classificationReport(y, predictedClasses(scores)).classes;
    const { 1: eager } = classificationReport(y, predictedClasses(scores, { threshold: 0.3 })).classes;
    for (const batchSize of [7, 53]) {
      const results = await model.evaluate(x, y, { batchSize });
      expect(results['precision']).toBeCloseTo(own!.precision, 12);
      expect(results['recall']).toBeCloseTo(own!.recall, 12);
      expect(results['f1Score']).toBeCloseTo(own!.f1Score, 12);
      expect(results['eager']).toBeCloseTo(eager!.precision, 12);
      expect(results['auc']).toBeCloseTo(rocAuc(y, thresholdsBelow(scores.data)), 12);
      expect(results['auc']).toBeGreaterThan(0.7);
    }
  });

  it('several outputs and class numbers: averages agree with the host', async () => {
    const { y: labels } = blobs(53, 3);
    const model = classifier({ engine: await createEngine() });
    model.compile({
      optimizer: 'sgd',
      loss: 'sparseCategoricalCrossentropy',
      metrics: [
        precision({ average: 'macro' }),
        recall({ average: 'weighted' }),
        f1Score({ classId: 2, threshold: null }),
        auc({ classId: 1 }),
      ],
    });
    const scores = await model.predict(x);
    const report = classificationReport(labels, predictedClasses(scores));
    const results = await model.evaluate(x, labels, { batchSize: 10 });
    expect(results['precision']).toBeCloseTo(report.macroAverage.precision, 12);
    expect(results['recall']).toBeCloseTo(report.weightedAverage.recall, 12);
    expect(results['f1Score']).toBeCloseTo(report.classes[2]!.f1Score, 12);
    const ofClass = scores.data.filter((_, place) => place % 3 === 1);
    const isClass = Array.from(labels.data, (label) => Number(label === 1));
    expect(results['auc']).toBeCloseTo(rocAuc(isClass, thresholdsBelow(ofClass)), 12);
  });

  it('are in the history, and callbacks can watch them', async () => {
    const model = binaryModel(await createEngine());
    const { train, validation } = trainTestSplit([x, y], { testSize: 0, validationSize: 0.3, seed: 4 });
    const callbacks = earlyStopping({ monitor: 'val_auc', patience: 3, restoreBestWeights: true });
    const { history } = await model.fit(...train, { epochs: 200, batchSize: 8, validationData: validation, callbacks });
    const curve = history['val_auc']!;
    expect(Object.keys(history)).toEqual(expect.arrayContaining(['precision', 'val_recall', 'f1Score', 'val_eager']));
    expect(curve.length).toBeLessThan(200); // a larger value is better, and it no longer improves
    const best = Math.max(...curve);
    expect(curve.indexOf(best)).toBe(curve.length - 4);
    expect((await model.evaluate(...validation))['auc']).toBeCloseTo(best, 12);
  });

  it('go to a file by name', async () => {
    const engine = await createEngine();
    const model = binaryModel(engine);
    await model.fit(x, y);
    const again = loadModel(await model.save(), { layers: layerRegistry, engine });
    const [before, after] = [await model.evaluate(x, y), await again.evaluate(x, y)];
    expect(after['auc']).toBe(before['auc']);
    expect(after['f1Score']).toBe(before['f1Score']);
  });
});
