/** Failures during training, and memory that must not grow. */
import { describe, expect, it } from 'vitest';
import { NonFiniteError } from '../../src/core/errors.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { blobs, classifier, engines, rejection, wasmEngine } from '../support/models.ts';

const { x, y } = blobs(24);

describe.each(engines)('on %s', (_, createEngine) => {
  it('memory is the same after every one of 20 fits, and all of it is given back', async () => {
    const engine = await createEngine();
    const before = engine.info;
    const model = classifier({ engine });
    const sizes: number[][] = [];
    for (let run = 0; run < 20; run++) {
      await model.fit(x, y, { batchSize: 7, validationSplit: 0.25 });
      await model.evaluate(x, y);
      await model.predict(x);
      const { stateBytes, arenaBytes } = engine.info;
      sizes.push([stateBytes, arenaBytes]);
    }
    expect(new Set(sizes.map(String)).size).toBe(1);
    expect(
      await rejection(model.fit(x, y, { callbacks: { onEpochEnd: () => Promise.reject(new Error('stop')) } })),
    ).toBe('Error: stop');
    expect([engine.info.stateBytes, engine.info.arenaBytes]).toEqual(sizes[0]);
    model.dispose();
    expect([engine.info.stateBytes, engine.info.arenaBytes]).toEqual([before.stateBytes, before.arenaBytes]);
  });

  it('predictions that overlap do not disturb each other', async () => {
    const model = classifier({ engine: await createEngine() });
    const other = blobs(24, 3, 9);
    const alone = [(await model.predict(x)).data, (await model.predict(other.x)).data];
    const together = await Promise.all([model.predict(x), model.predict(other.x)]);
    expect(together.map(({ data }) => data)).toEqual(alone);
  });

  it('an evaluation that overlaps a compile leaves nothing behind that is wrong', async () => {
    const model = classifier({ engine: await createEngine() });
    const early = model.evaluate(x, y);
    model.compile({ loss: 'sparseCategoricalCrossentropy', metrics: ['sparseCategoricalCrossentropy'] });
    expect(Object.keys(await early)).toEqual(['loss', 'accuracy']);
    expect(Object.keys(await model.evaluate(x, y))).toEqual(['loss', 'sparseCategoricalCrossentropy']);
  });

  it('layers that two models share are trained by both', async () => {
    const engine = await createEngine();
    const whole = classifier({ engine });
    await whole.fit(x, y, { epochs: 2 });
    const [base] = whole.layers;
    base!.trainable = false;
    const head = sequential([base!, dense({ units: 3, activation: 'softmax', name: 'head' })], { seed: 2 });
    head.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
    const before = (await head.getWeights()).map(({ data }) => [...data]);
    expect(before[0]).toEqual([...(await whole.getWeights())[0]!.data]);
    await head.fit(x, y, { epochs: 2 });
    const after = (await head.getWeights()).map(({ data }) => [...data]);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);
    whole.dispose();
    expect((await head.getWeights())[0]!.data).toEqual(Float32Array.from(before[0]!));
  });
});

// Not on the reference backend: float64 overflows much later than float32.
describe('what is not finite', () => {
  it('in an output names the first layer and the step', async () => {
    const model = sequential(
      [
        flatten({ inputShape: [2, 1] }),
        dense({ units: 4, name: 'first' }),
        dense({ units: 4, name: 'second' }),
        dense({ units: 1 }),
      ],
      { engine: await wasmEngine(), seed: 1 },
    );
    model.compile({ optimizer: sgd({ learningRate: 1e20 }), loss: 'meanSquaredError' });
    const data = { data: x.data, shape: [24, 2, 1] };
    const error = await model.fit(data, y, { batchSize: 8, shuffle: false }).catch((given: unknown) => given);
    expect(error).toBeInstanceOf(NonFiniteError);
    const { where, step, message } = error as NonFiniteError;
    expect({ where, step }).toEqual({ where: 'second', step: 2 });
    expect(message).toMatchInlineSnapshot(
      `"fit: the output of layer 'second' became NaN or infinite in training step 2: lower the learning rate, clip the gradients, or scale the data to a small range"`,
    );
  });

  it('in the loss is told too, by trainOnBatch as well, and setWeights mends the model', async () => {
    const model: Model = sequential([dense({ units: 1, kernelInitializer: 'ones', inputShape: [2] })], {
      engine: await wasmEngine(),
    });
    model.compile({ optimizer: sgd({ learningRate: 1e30 }), loss: 'meanSquaredError' });
    const weights = await model.getWeights();
    await model.trainOnBatch(x, y);
    expect(await rejection(model.trainOnBatch(x, y))).toMatchInlineSnapshot(
      `"NonFiniteError: trainOnBatch: the loss became NaN or infinite in training step 2: lower the learning rate, clip the gradients, or scale the data to a small range"`,
    );
    model.setWeights(weights);
    model.learningRate = 0.01;
    expect((await model.fit(x, y)).history['loss']![0]).toBeLessThan(10);
  });
});
