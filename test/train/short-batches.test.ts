/**
 * A short last batch gives the same bits as the same samples in a batch of that size, in training, evaluation and prediction: for
 * every loss, layer, optimizer and metric.
 */
import { describe, expect, test } from 'vitest';
import { keyFromSeed, normal } from '../../src/core/random.ts';
import type { Engine } from '../../src/engine.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { batchNormalization } from '../../src/nn/layers/batch-normalization.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { gru } from '../../src/nn/layers/gru.ts';
import { layerNormalization } from '../../src/nn/layers/layer-normalization.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import { lossNames } from '../../src/nn/losses/losses.ts';
import type { LossName } from '../../src/nn/losses/losses.ts';
import type { LossFunction } from '../../src/nn/losses/loss.ts';
import type { Metric } from '../../src/nn/metrics/metric.ts';
import type { MetricName } from '../../src/nn/metrics/metrics.ts';
import * as ops from '../../src/ops/index.ts';
import type { OptimizerName } from '../../src/optim/registry.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import type { Results } from '../../src/train/sums.ts';
import { allWeights, engines } from '../support/models.ts';

/** Samples, batch size: two left over, a single sample, primes, and a batch as large as the data. */
const sizes = [
  [5, 3],
  [1, 1],
  [13, 5],
  [6, 6],
] as const;

const optimizerNames: readonly OptimizerName[] = ['sgd', 'adam', 'adamw', 'adamax', 'rmsprop', 'adagrad'];

const steps = 3;
const features = 2;
const classes = 3;

interface Setting {
  readonly layers: () => Layer[];
  readonly loss: LossName | LossFunction;
  readonly optimizer?: OptimizerName;
  readonly metrics?: readonly (MetricName | Metric)[];
  /** Shape of a sample; `tokens` are integers from 1 to 4, padded with 0. */
  readonly input?: 'rows' | 'series' | 'tokens';
  readonly labels: 'numbers' | 'oneHot' | 'binary' | 'rows';
}

/** Class probabilities from logits that can be exactly equal: no bias. */
const classify = (): Layer[] => [dense({ units: classes, useBias: false, activation: 'softmax' })];
const regress = (): Layer[] => [dense({ units: classes, useBias: false })];

const rowSum = (x: Node): Node => ops.sum(x, -1);
const error = (y: Node, p: Node): Node => ops.sub(p, ops.cast(y, 'float32'));

/** Losses with an infinite derivative for rows of zeros, and losses that combine the rows of a batch. */
const custom: Readonly<Record<string, LossFunction>> = {
  'the Euclidean distance': (y, p) => ops.sqrt(rowSum(ops.square(error(y, p)))),
  'a quotient by the sum of a row of labels': (y, p) => ops.div(rowSum(ops.square(error(y, p))), rowSum(y)),
  'a quotient by the sum of all labels': (y, p) => ops.div(rowSum(ops.square(error(y, p))), ops.sum(y)),
  'the distance from the mean of the batch': (y, p) => rowSum(ops.square(ops.sub(error(y, p), ops.mean(p, 0, true)))),
  'a logarithm of the norm': (y, p) => ops.add(ops.log(rowSum(ops.square(p))), rowSum(ops.square(error(y, p)))),
};

/** A metric that is NaN for rows of zeros, one that ignores the mask, and one that counts by it. */
const relative: Metric = {
  name: 'relative',
  sums: (y, p, mask) => [ops.sum(ops.mul(ops.div(rowSum(ops.abs(p)), rowSum(ops.abs(y))), mask)), ops.sum(mask)],
  result: ([total, count]) => total![0]! / count![0]!,
};
const spread: Metric = {
  name: 'spread',
  sums: (_, p) => [ops.sum(ops.square(p), 0), ops.constant(p.shape[0]!)],
  result: ([squares, count]) => Array.from(squares!).reduce((sum, value) => sum + value, 0) / count![0]!,
};

const labelsOf = (name: LossName): Setting['labels'] =>
  name.startsWith('sparse') ? 'numbers' : name.startsWith('binary') ? 'binary' : 'oneHot';

const settings: Readonly<Record<string, Setting>> = {
  ...Object.fromEntries(
    lossNames().map((loss) => [`loss ${loss}`, { layers: classify, loss, labels: labelsOf(loss) } as const]),
  ),
  ...Object.fromEntries(
    Object.entries(custom).map(([name, loss]) => [name, { layers: regress, loss, labels: 'rows' } as const]),
  ),
  ...Object.fromEntries(
    optimizerNames.map((optimizer) => [
      `optimizer ${optimizer}`,
      { layers: classify, loss: 'sparseCategoricalCrossentropy', optimizer, labels: 'numbers' } as const,
    ]),
  ),
  'batch normalization': {
    layers: () => [dense({ units: 4 }), batchNormalization(), ...classify()],
    loss: 'categoricalCrossentropy',
    labels: 'oneHot',
  },
  'layer normalization and dropout': {
    layers: () => [layerNormalization(), dropout({ rate: 0.5 }), ...classify()],
    loss: 'categoricalCrossentropy',
    labels: 'oneHot',
  },
  'a recurrent layer': {
    layers: () => [lstm({ units: 3 }), ...classify()],
    loss: 'categoricalCrossentropy',
    input: 'series',
    labels: 'oneHot',
  },
  'steps that a mask leaves out': {
    layers: () => [
      embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
      timeDistributed(batchNormalization()),
      gru({ units: 3 }),
      ...classify(),
    ],
    loss: 'sparseCategoricalCrossentropy',
    input: 'tokens',
    labels: 'numbers',
  },
  'metrics of classes': {
    layers: classify,
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy', 'precision', 'recall', 'f1Score', 'auc', 'topKCategoricalAccuracy', 'klDivergence'],
    labels: 'oneHot',
  },
  'metrics of numbers': {
    layers: regress,
    loss: 'mse',
    metrics: ['rootMeanSquaredError', 'mae', relative, spread],
    labels: 'rows',
  },
};

function samplesOf(count: number, { input = 'rows', labels }: Setting): { x: HostTensor; y: HostTensor } {
  const noise = normal(keyFromSeed(count), count * steps * features);
  const row = (sample: number, axis: number): number => 1 + Math.abs(noise[sample * steps * features + axis]!);
  const list = (length: number, value: (sample: number, axis: number) => number): number[] =>
    Array.from({ length: count * length }, (_, place) => value(Math.floor(place / length), place % length));
  const x = {
    rows: () => tensor(list(features, row), [count, features]),
    series: () => tensor(list(steps * features, row), [count, steps, features]),
    tokens: () =>
      tensor(Int32Array.from(list(steps, (sample, step) => (step > sample % steps ? 0 : 1 + ((sample + step) % 4)))), [
        count,
        steps,
      ]),
  }[input]();
  const classOf = (sample: number): number => (sample * 2) % classes;
  const y = {
    numbers: () => tensor(Int32Array.from(list(1, classOf))),
    oneHot: () =>
      tensor(
        list(classes, (sample, unit) => Number(unit === classOf(sample))),
        [count, classes],
      ),
    binary: () =>
      tensor(
        list(classes, (sample, unit) => (sample + unit) % 2),
        [count, classes],
      ),
    rows: () =>
      tensor(
        list(classes, (sample, unit) => 1 + sample + unit),
        [count, classes],
      ),
  }[labels]();
  return { x, y };
}

/** The rows from `begin` to `end` − 1. */
function rowsOf({ data, shape }: HostTensor, begin: number, end: number): HostTensor {
  const size = data.length / shape[0]!;
  return tensor(data.slice(begin * size, end * size), [Math.min(end, shape[0]!) - begin, ...shape.slice(1)]);
}

function modelOf({ layers, loss, optimizer = 'sgd', metrics = [] }: Setting, engine: Engine, x: HostTensor): Model {
  const model = sequential(layers(), { engine, seed: 3 });
  model.build(x.shape.slice(1));
  model.compile({ optimizer, loss, metrics });
  return model;
}

const near = (value: number): number => expect.closeTo(value, 4) as number;

describe.each(engines)('on %s', (_, createEngine) => {
  test.each(Object.entries(settings))('%s', async (_name, setting) => {
    const engine = await createEngine();
    for (const [count, batchSize] of sizes) {
      const { x, y } = samplesOf(count, setting);
      const starts = Array.from({ length: Math.ceil(count / batchSize) }, (_x, index) => index * batchSize);
      const byFit = modelOf(setting, engine, x);
      const byHand = modelOf(setting, engine, x);
      await byFit.fit(x, y, { batchSize, shuffle: false, epochs: 2 });
      for (const start of [...starts, ...starts]) {
        await byHand.trainOnBatch(rowsOf(x, start, start + batchSize), rowsOf(y, start, start + batchSize));
      }
      const weights = await allWeights(byFit);
      expect(weights.every(Number.isFinite)).toBe(true);
      expect(weights).toEqual(await allWeights(byHand));

      const alone: { share: number; results: Results }[] = [];
      for (const start of starts) {
        const [part, labels] = [rowsOf(x, start, start + batchSize), rowsOf(y, start, start + batchSize)];
        alone.push({ share: part.shape[0]! / count, results: await byFit.testOnBatch(part, labels) });
      }
      const together = await byFit.evaluate(x, y, { batchSize });
      const mean = (name: string): number => alone.reduce((sum, { share, results }) => sum + share * results[name]!, 0);
      for (const name of ['loss', 'accuracy', 'mae', 'relative', 'spread', 'klDivergence']) {
        if (name in together) expect([name, together[name]]).toEqual([name, near(mean(name))]);
      }
      expect(Object.values(together).every(Number.isFinite)).toBe(true);

      const rows = await byFit.predict(x, { batchSize });
      const parts = [];
      for (const start of starts) parts.push((await byFit.predict(rowsOf(x, start, start + batchSize))).data);
      expect([...rows.data]).toEqual(parts.flatMap((part) => [...part]));
    }
  });

  test('a validation split whose parts both end with a short batch', async () => {
    const setting = settings['a quotient by the sum of all labels']!;
    const engine = await createEngine();
    const { x, y } = samplesOf(13, setting);
    const split = modelOf(setting, engine, x);
    const apart = modelOf(setting, engine, x);
    const options = { batchSize: 3, shuffle: false, epochs: 2 };
    const { history } = await split.fit(x, y, { ...options, validationSplit: 0.39 });
    const validationData = [rowsOf(x, 7, 13), rowsOf(y, 7, 13)] as const;
    expect(history).toEqual(
      (await apart.fit(rowsOf(x, 0, 7), rowsOf(y, 0, 7), { ...options, validationData })).history,
    );
    expect(await allWeights(split)).toEqual(await allWeights(apart));
  });
});
