/** The numbers that a run reports, against values computed by hand. */
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { l2 } from '../../src/nn/regularizers.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { tensor } from '../../src/data/tensor.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { allWeights, blobs, classifier, engines, lossRecorder, referenceEngine } from '../support/models.ts';

/** y = w · x for scalars, with mean squared error: easy to compute by hand. */
function line(engine: Engine, learningRate = 0.1, options: { l2?: number } = {}): Model {
  const kernelRegularizer = options.l2 === undefined ? {} : { kernelRegularizer: l2({ l2: options.l2 }) };
  const model = sequential(
    [dense({ units: 1, useBias: false, kernelInitializer: 'ones', inputShape: [1], ...kernelRegularizer })],
    { engine, seed: 1 },
  );
  model.compile({ optimizer: sgd({ learningRate }), loss: 'meanSquaredError' });
  return model;
}

const x = tensor([[1], [2], [3], [4], [5]]);
const y = tensor([[2], [2], [2], [2], [2]]);

describe.each(engines)('numbers on %s', (_, createEngine) => {
  it('of an epoch with a short last batch are means over samples, and the gradient is over the batch at hand', async () => {
    const model = line(await createEngine(), 0.01);
    const { history } = await model.fit(x, y, { batchSize: 2, shuffle: false });
    let w = 1;
    let total = 0;
    for (const batch of [[1, 2], [3, 4], [5]]) {
      const errors = batch.map((value) => w * value - 2);
      total += errors.reduce((sum, error) => sum + error ** 2, 0);
      const slope = errors.reduce((sum, error, index) => sum + 2 * error * batch[index]!, 0) / batch.length;
      w -= 0.01 * slope;
    }
    expect((await allWeights(model))[0]).toBeCloseTo(w, 6);
    expect(history['loss']![0]).toBeCloseTo(total / 5, 5);
  });

  it('of the loss hold the penalties, in training and in evaluation', async () => {
    const model = line(await createEngine(), 0, { l2: 0.5 });
    const { history } = await model.fit(x, y, { batchSize: 2 });
    const mean = (1 + 0 + 1 + 4 + 9) / 5;
    expect(history['loss']![0]).toBeCloseTo(mean + 0.5, 6);
    expect((await model.evaluate(x, y)).loss).toBeCloseTo(mean + 0.5, 6);
  });

  it('of the validation split are those of the last part, in every epoch', async () => {
    const model = line(await createEngine(), 0);
    const { history } = await model.fit(x, y, { validationSplit: 0.4, epochs: 2, batchSize: 2 });
    expect(history['loss']![0]).toBeCloseTo((1 + 0 + 1) / 3, 6); // x = 1, 2, 3
    expect(history['val_loss']![0]).toBeCloseTo((4 + 9) / 2, 6); // x = 4, 5
    expect(history['val_loss']![1]).toBe(history['val_loss']![0]);
  });

  it('of validation data go before those of a split', async () => {
    const model = line(await createEngine(), 0);
    const validationData = [tensor([[7]]), tensor([[2]])] as const;
    const { history } = await model.fit(x, y, { validationData, validationSplit: 0.4 });
    expect(history['loss']![0]).toBeCloseTo(3, 6);
    expect(history['val_loss']![0]).toBeCloseTo(25, 5);
  });

  it('of bytes with a scale are those of the scaled numbers, in every pass', async () => {
    const engine = await createEngine();
    const bytes = tensor(Uint8Array.of(10, 20, 30), [3, 1], { scale: 0.1, offset: -1 });
    const model = line(engine, 0);
    expect([...(await model.predict(bytes)).data]).toEqual(
      [0, 1, 2].map((value) => expect.closeTo(value, 5) as number),
    );
    const labels = tensor([[0], [0], [0]]);
    expect((await model.evaluate(bytes, labels)).loss).toBeCloseTo(5 / 3, 5);
    expect((await model.fit(bytes, labels)).history['loss']![0]).toBeCloseTo(5 / 3, 5);
  });

  it('of predict and evaluate are those of a forward pass by hand, whatever the batch size', async () => {
    const model = classifier({ engine: await createEngine() });
    const points = blobs(11);
    await model.fit(points.x, points.y, { epochs: 3, batchSize: 4 });
    const [w1, b1, w2, b2] = (await model.getWeights()).map(({ data }) => data);
    const expected = Array.from({ length: 11 }, (_, sample) => {
      const [px, py] = [points.x.data[2 * sample]!, points.x.data[2 * sample + 1]!];
      const hidden = Array.from({ length: 16 }, (_, unit) =>
        Math.tanh(px * w1![unit]! + py * w1![16 + unit]! + b1![unit]!),
      );
      const logits = [0, 1, 2].map((unit) =>
        hidden.reduce((sum, h, row) => sum + h * w2![3 * row + unit]!, b2![unit]!),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return logits.map((logit) => Math.exp(logit) / total);
    });
    for (const batchSize of [1, 4, 11, 32]) {
      const { data, shape } = await model.predict(points.x, { batchSize });
      expect(shape).toEqual([11, 3]);
      expect([...data]).toEqual(expected.flat().map((value) => expect.closeTo(value, 5) as number));
    }
    const loss = expected.reduce((sum, row, sample) => sum - Math.log(row[points.y.data[sample]!]!), 0) / 11;
    const hits = expected.filter((row, sample) => row.indexOf(Math.max(...row)) === points.y.data[sample]).length;
    const given = await model.evaluate(points.x, points.y, { batchSize: 4 });
    expect(given).toEqual({
      loss: expect.closeTo(loss, 5) as number,
      accuracy: expect.closeTo(hits / 11, 6) as number,
    });
    expect(await model.testOnBatch(points.x, points.y)).toEqual({
      loss: expect.closeTo(loss, 5) as number,
      accuracy: expect.closeTo(hits / 11, 6) as number,
    });
  });

  it('of trainOnBatch, batch after batch, are those of fit', async () => {
    const points = blobs(12);
    const byFit = classifier({ engine: await createEngine() });
    await byFit.fit(points.x, points.y, { batchSize: 4, shuffle: false, epochs: 2 });
    const byHand = classifier({ engine: await createEngine() });
    for (const start of [0, 4, 8, 0, 4, 8]) {
      const features = tensor(points.x.data.slice(2 * start, 2 * start + 8), [4, 2]);
      await byHand.trainOnBatch(features, tensor(points.y.data.slice(start, start + 4)));
    }
    expect(await allWeights(byHand)).toEqual(await allWeights(byFit));
  });
});

describe('the order of the samples', () => {
  it('is another in every epoch, and goes on with the steps where a second fit begins', async () => {
    const { x: features, y: labels } = blobs(40);
    const run = async (epochs: readonly number[]): Promise<number[]> => {
      const model = classifier({ engine: referenceEngine() });
      const recorder = lossRecorder();
      for (const count of epochs)
        await model.fit(features, labels, { epochs: count, batchSize: 16, callbacks: recorder });
      return [...recorder.losses, ...(await allWeights(model))];
    };
    expect(await run([2, 1])).toEqual(await run([3]));
  });

  it('differs from epoch to epoch', async () => {
    const engine = referenceEngine();
    const orders: string[] = [];
    const write = engine.write.bind(engine);
    engine.write = (variable, values, offset) => {
      if (variable.variable.name === 'order') orders.push([...values].join());
      write(variable, values, offset);
    };
    await classifier({ engine }).fit(blobs(40).x, blobs(40).y, { epochs: 4, batchSize: 16 });
    const [, ...epochs] = orders; // the first is the order before shuffling
    expect(epochs).toHaveLength(4);
    expect(new Set(epochs).size).toBe(4);
  });
});
