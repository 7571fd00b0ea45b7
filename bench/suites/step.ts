/**
 * One training step of a small network, 784-128-64-10 with Adam and softmax cross-entropy, as `fit` runs it: the data
 * on the device, many steps per call. Reported next to the floor by arithmetic.
 */
import { adam, type Callback, dense, type Engine, type Model, sequential, tensor } from '../../src/index.ts';
import { loadMnist, oneHotLabels } from '../../examples/data/mnist.ts';
import { floorMilliseconds, trainingWork } from '../ceilings/ceilings.ts';
import { spread } from '../measure.ts';
import { type Context, duration, type Measured, type Suite } from '../suite.ts';

const sizes = [784, 128, 64, 10] as const;
const batches = [32, 128];

const stepName = (batch: number): string => `batch ${batch}`;
const firstName = (batch: number): string => `batch ${batch}, until the first step`;

export const suite: Suite = {
  name: 'step',
  description: 'one training step of a network 784-128-64-10, batch 32 and 128',
  cases: () => batches.flatMap((batch) => [stepName(batch), firstName(batch)]),
  async *run(context) {
    for (const batch of batches) yield* trainingSteps(context, batch);
  },
};

async function* trainingSteps({ engine, ceilings, quick }: Context, batch: number): AsyncIterable<Measured> {
  const stepsPerEpoch = quick ? 2 : engine.info.isSoftware ? 10 : 100;
  const { train } = await loadMnist({ trainCount: stepsPerEpoch * batch, testCount: 1 });
  const x = tensor(train.images, [train.count, 784], { scale: 1 / 255 });
  const y = tensor(oneHotLabels(train), [train.count, 10]);
  const model = network(engine);
  const clock = epochClock();

  const start = performance.now();
  await model.fit(x, y, { epochs: quick ? 3 : 12, batchSize: batch, callbacks: [clock] });
  const [first, ...epochs] = clock.epochs;
  const steps = spread(epochs.map(({ begin, end }) => (end - begin) / stepsPerEpoch));
  const { operations, stateBytes } = trainingWork(sizes, batch);
  const floor = floorMilliseconds({ operations, stateBytes }, ceilings);
  const work = { operations, bytes: stateBytes + 4 * batch * (sizes[0] + sizes[3]) };
  yield { ...duration(stepName(batch), steps, 'ms a step', steps.median, floor), work };

  const untilFirst = first!.firstChunk - start;
  const once = spread([untilFirst]);
  yield duration(firstName(batch), once, 'ms', untilFirst, null);
}

export function network(engine: Engine): Model {
  const model = sequential(
    [
      dense({ units: sizes[1], activation: 'relu', inputShape: [sizes[0]] }),
      dense({ units: sizes[2], activation: 'relu' }),
      dense({ units: sizes[3], activation: 'softmax' }),
    ],
    { engine, seed: 1 },
  );
  model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

interface EpochTimes {
  readonly begin: number;
  firstChunk: number;
  end: number;
}

/** Records the start and end of each epoch, including the shuffle before it and the readback after it. */
export function epochClock(): Callback & { readonly epochs: readonly EpochTimes[] } {
  const epochs: EpochTimes[] = [];
  return {
    epochs,
    onEpochBegin: () => void epochs.push({ begin: performance.now(), firstChunk: NaN, end: NaN }),
    onChunkEnd: () => {
      const epoch = epochs.at(-1)!;
      if (Number.isNaN(epoch.firstChunk)) epoch.firstChunk = performance.now();
    },
    onEpochEnd: () => {
      epochs.at(-1)!.end = performance.now();
    },
  };
}
