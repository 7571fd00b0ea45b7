/** Complete training runs: they learn, are deterministic, and agree between backends. */
import { describe, expect, it } from 'vitest';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { adam } from '../../src/optim/adam.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { sequential } from '../../src/model/make-model.ts';
import { allWeights, blobs, classifier, engines, referenceEngine, wasmEngine, xor } from '../support/models.ts';

describe.each(engines)('fit on %s', (_, createEngine) => {
  it('learns exclusive or', async () => {
    const model = sequential(
      [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })],
      { engine: await createEngine(), seed: 1 },
    );
    model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
    const { epoch, history } = await model.fit(xor.x, xor.y, { epochs: 200 });
    expect(epoch).toHaveLength(200);
    expect(history['accuracy']!.at(-1)).toBe(1);
    expect((await model.evaluate(xor.x, xor.y)).loss).toBeLessThan(0.05);
  });

  it('separates three classes, also those it has not seen', async () => {
    const model = classifier({ engine: await createEngine() });
    const { history } = await model.fit(blobs(300).x, blobs(300).y, { epochs: 20, validationSplit: 0.2 });
    expect(history['val_accuracy']!.at(-1)).toBeGreaterThan(0.95);
    expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]! / 3);
    const unseen = blobs(90, 3, 8);
    expect((await model.evaluate(unseen.x, unseen.y))['accuracy']).toBeGreaterThan(0.95);
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const { x, y } = blobs(70);
    const run = async (seed: number): Promise<number[]> => {
      const model = sequential(
        [
          dense({ units: 8, activation: 'relu', inputShape: [2] }),
          dropout({ rate: 0.3 }),
          dense({ units: 3, activation: 'softmax' }),
        ],
        { engine: await createEngine(), seed },
      );
      model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
      const { history } = await model.fit(x, y, { epochs: 3, batchSize: 16 });
      return [...(await allWeights(model)), ...history['loss']!];
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
  });
});

it('layers of one shape begin with weights of their own', async () => {
  const stack = Array.from({ length: 3 }, () => dense({ units: 4, useBias: false, inputShape: [4] }));
  const weights = await sequential(stack, { engine: referenceEngine(), seed: 1 }).getWeights();
  expect(new Set(weights.map(({ data }) => data.join())).size).toBe(3);
});

describe('wasm against the reference', () => {
  /** Relative to the current loss. Measured: 2.3e-6; rounding errors grow during a run. */
  const bound = 2e-5;

  it.each([
    ['sgd', () => sgd({ learningRate: 0.1 })],
    ['adam', () => adam({ learningRate: 0.01 })],
  ])('has the same loss at each of 100 steps of %s, within 2e-5', async (_name, optimizer) => {
    const { x, y } = blobs(64);
    const run = async (engine: Awaited<ReturnType<typeof wasmEngine>>): Promise<readonly number[]> => {
      const model = classifier({ engine });
      model.compile({ optimizer: optimizer(), loss: 'sparseCategoricalCrossentropy' });
      const { history } = await model.fit(x, y, { epochs: 100, batchSize: 64 });
      return history['loss']!;
    };
    const [expected, given] = [await run(referenceEngine()), await run(await wasmEngine())];
    const worst = Math.max(...expected.map((loss, step) => Math.abs(given[step]! - loss) / loss));
    expect(worst).toBeLessThan(bound);
  });
});
