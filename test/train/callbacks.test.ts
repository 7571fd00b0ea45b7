/** The information that callbacks receive, and the actions that they can take. */
import { describe, expect, it } from 'vitest';
import { dense } from '../../src/nn/layers/dense.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { Callback, TrainedModel } from '../../src/train/callbacks.ts';
import { earlyStopping } from '../../src/train/early-stopping.ts';
import { learningRateScheduler, reduceLROnPlateau } from '../../src/train/learning-rate-callbacks.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import type { Logs } from '../../src/train/sums.ts';
import { allWeights, blobs, classifier, engines, referenceEngine, rejection, thrown } from '../support/models.ts';

const { x, y } = blobs(20);

/** A fake model of a callback that records calls. */
function fakeModel(): TrainedModel & { readonly restored: unknown[] } {
  const restored: unknown[] = [];
  let epoch = 0;
  return {
    stopTraining: false,
    learningRate: 1,
    restored,
    getWeights: () => Promise.resolve([tensor([epoch++])]),
    setWeights: (weights) => void restored.push(weights[0]!.data[0]),
  };
}

/** Runs `callback` with these epoch values; returns the epoch after which it stopped, or -1. */
async function play(callback: Callback, model: TrainedModel, values: readonly Logs[]): Promise<number> {
  await callback.onTrainBegin?.(model);
  let stoppedAfter = -1;
  for (const [epoch, logs] of values.entries()) {
    await callback.onEpochBegin?.(epoch, model);
    await callback.onEpochEnd?.(epoch, logs, model);
    if (model.stopTraining) {
      stoppedAfter = epoch;
      break;
    }
  }
  await callback.onTrainEnd?.({}, model);
  return stoppedAfter;
}

const losses = (...values: number[]): Logs[] => values.map((loss) => ({ val_loss: loss }));

describe('callbacks of fit', () => {
  it('are called in order, with logs and progress', async () => {
    const calls: string[] = [];
    const round = (logs: Logs): string => Object.keys(logs).join(',');
    const callback: Callback = {
      onTrainBegin: () => void calls.push('train begin'),
      onTrainEnd: (logs) => void calls.push(`train end ${round(logs)}`),
      onEpochBegin: (epoch) => void calls.push(`epoch ${epoch} begin`),
      onEpochEnd: (epoch, logs) => void calls.push(`epoch ${epoch} end ${round(logs)}`),
      onChunkEnd: ({ epoch, epochs, step, steps, samples }) => {
        if (step === steps) calls.push(`epoch ${epoch} of ${epochs}: step ${step} of ${steps}, ${samples} samples`);
      },
    };
    const options = { epochs: 5, initialEpoch: 3, batchSize: 6, validationSplit: 0.1, callbacks: [callback] };
    await classifier({ engine: referenceEngine() }).fit(x, y, options);
    expect(calls).toMatchInlineSnapshot(`
      [
        "train begin",
        "epoch 3 begin",
        "epoch 3 of 5: step 3 of 3, 18 samples",
        "epoch 3 end loss,accuracy,val_loss,val_accuracy",
        "epoch 4 begin",
        "epoch 4 of 5: step 3 of 3, 18 samples",
        "epoch 4 end loss,accuracy,val_loss,val_accuracy",
        "train end loss,accuracy,val_loss,val_accuracy",
      ]
    `);
  });

  it('may stop within an epoch, and the model trains on afterwards', async () => {
    const model = classifier({ engine: referenceEngine() });
    let steps = 0;
    const stopper: Callback = {
      onChunkEnd: ({ step }, _logs, trained) => {
        steps = step;
        trained.stopTraining = true;
      },
    };
    const { epoch } = await model.fit(x, y, { epochs: 5, batchSize: 1, callbacks: stopper });
    expect(epoch).toEqual([0]);
    expect(steps).toBeLessThan(20);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });

  it('may evaluate and predict between epochs', async () => {
    const model = classifier({ engine: referenceEngine() });
    const seen: number[] = [];
    const callback: Callback = {
      onEpochEnd: async () => void seen.push((await model.evaluate(x, y)).loss, (await model.predict(x)).size),
    };
    await model.fit(x, y, { epochs: 2, callbacks: callback });
    expect(seen).toHaveLength(4);
    expect(seen[2]).toBeLessThan(seen[0]!);
  });

  it('that throw end the run, and the model stays usable', async () => {
    const model = classifier({ engine: referenceEngine() });
    const onEpochEnd = (): never => {
      throw new Error('no more');
    };
    expect(await rejection(model.fit(x, y, { epochs: 2, callbacks: { onEpochEnd } }))).toBe('Error: no more');
    expect((await model.fit(x, y)).epoch).toEqual([0]);
  });
});

describe('earlyStopping', () => {
  it('stops after `patience` epochs without improvement', async () => {
    expect(await play(earlyStopping(), fakeModel(), losses(3, 2, 2, 1))).toBe(2);
    expect(await play(earlyStopping({ patience: 2 }), fakeModel(), losses(3, 2, 2, 1, 1, 1))).toBe(5);
    expect(await play(earlyStopping({ patience: 2 }), fakeModel(), losses(3, 2, 1))).toBe(-1);
    expect(await play(earlyStopping({ minDelta: 0.5 }), fakeModel(), losses(3, 2, 1.6))).toBe(2);
  });

  it('takes greater for better where the name or the mode says so', async () => {
    const logs = [{ val_accuracy: 0.5 }, { val_accuracy: 0.6 }, { val_accuracy: 0.55 }];
    expect(await play(earlyStopping({ monitor: 'val_accuracy' }), fakeModel(), logs)).toBe(2);
    expect(await play(earlyStopping({ monitor: 'val_accuracy', mode: 'min' }), fakeModel(), logs)).toBe(1);
  });

  it('puts the best weights back', async () => {
    const model = fakeModel();
    await play(earlyStopping({ patience: 2, restoreBestWeights: true }), model, losses(3, 1, 2, 2));
    expect(model.restored).toEqual([1]);
  });

  it.each(engines)('puts the best weights of a real run back on %s', async (_, createEngine) => {
    const model = sequential([dense({ units: 1, useBias: false, kernelInitializer: 'zeros', inputShape: [1] })], {
      engine: await createEngine(),
    });
    model.compile({ optimizer: sgd({ learningRate: 0.2 }), loss: 'meanSquaredError' });
    // trained towards 2, validated at 1: the validation loss falls, then rises when the weight exceeds 1
    const kept: number[] = [];
    const recorder: Callback = { onEpochEnd: async () => void kept.push(...(await allWeights(model))) };
    const { history } = await model.fit([[1]], [[2]], {
      epochs: 20,
      validationData: [[[1]], [[1]]],
      callbacks: [recorder, earlyStopping({ patience: 2, restoreBestWeights: true })],
    });
    const best = history['val_loss']!.indexOf(Math.min(...history['val_loss']!));
    expect(history['val_loss']).toHaveLength(best + 3);
    expect(await allWeights(model)).toEqual([kept[best]]);
  });

  it('says what it cannot monitor', async () => {
    const model = classifier({ engine: referenceEngine() });
    expect(await rejection(model.fit(x, y, { callbacks: earlyStopping() }))).toMatchInlineSnapshot(
      `"ValueError: earlyStopping: there is no 'val_loss' to monitor: the logs hold loss, accuracy: give fit validationData or a validationSplit"`,
    );
    expect(await rejection(model.fit(x, y, { callbacks: earlyStopping({ monitor: 'recall' }) }))).toMatchInlineSnapshot(
      `"ValueError: earlyStopping: there is no 'recall' to monitor: the logs hold loss, accuracy: check the metrics of compile()"`,
    );
    expect(thrown(() => earlyStopping({ patience: -1 }))).toMatchInlineSnapshot(
      `"ValueError: earlyStopping: patience must be an integer ≥ 0, not -1"`,
    );
    expect(thrown(() => earlyStopping({ mode: 'up' as never }))).toMatchInlineSnapshot(
      `"ValueError: earlyStopping: mode must be 'auto', 'min' or 'max', not 'up'"`,
    );
  });
});

describe('learning rates', () => {
  const rateModel = (): Model => {
    const model = sequential([dense({ units: 1, kernelInitializer: 'zeros', inputShape: [1] })], {
      engine: referenceEngine(),
    });
    model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: 'meanSquaredError' });
    return model;
  };

  it('fall on a plateau', async () => {
    const model = fakeModel();
    await play(reduceLROnPlateau({ patience: 2, factor: 0.5 }), model, losses(3, 2, 2, 2, 2, 2));
    expect(model.learningRate).toBe(0.25);
    const resting = fakeModel();
    await play(reduceLROnPlateau({ patience: 1, factor: 0.5, cooldown: 2 }), resting, losses(2, 2, 2, 2));
    expect(resting.learningRate).toBe(0.25);
    const bounded = fakeModel();
    await play(reduceLROnPlateau({ patience: 1, minLearningRate: 0.4 }), bounded, losses(2, 2, 2, 2));
    expect(bounded.learningRate).toBe(0.4);
  });

  it('follow a function of the epoch, on the device too', async () => {
    const model = rateModel();
    const { history } = await model.fit([[1]], [[1]], {
      epochs: 2,
      callbacks: learningRateScheduler((epoch, rate) => (epoch === 0 ? 0 : rate + 0.125)),
    });
    expect(history['learningRate']).toEqual([0, 0.125]);
    // the first epoch changes nothing; the second makes a step of 0.125 · 2 for weight and bias
    expect(await allWeights(model)).toEqual([0.25, 0.25]);
    expect(model.learningRate).toBe(0.125);
  });

  it('must be numbers', async () => {
    const callbacks = learningRateScheduler(() => NaN);
    expect(await rejection(rateModel().fit([[1]], [[1]], { callbacks }))).toMatchInlineSnapshot(
      `"ValueError: learningRateScheduler: the schedule must give a number ≥ 0, not NaN for epoch 0"`,
    );
    expect(thrown(() => reduceLROnPlateau({ factor: 2 }))).toMatchInlineSnapshot(
      `"ValueError: reduceLROnPlateau: factor must be a number between 0 and 1, not 2"`,
    );
  });
});
