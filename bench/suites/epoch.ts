/**
 * The cost of an epoch besides its steps, for the network of `step` at batch size 32: the compensated sums of loss and
 * metric, and the program of a short last batch. Each is measured in turn with its baseline.
 */
import { type Node, tensor, variable, type Variable } from '../../src/index.ts';
import { add } from '../../src/ops/elementwise/arithmetic.ts';
import { Sums } from '../../src/train/sums.ts';
import { loadMnist, oneHotLabels } from '../../examples/data/mnist.ts';
import { execution, timeInTurn } from '../executions.ts';
import { spread } from '../measure.ts';
import { startEngine } from '../start-engine.ts';
import { type Context, duration, type Measured, type Suite } from '../suite.ts';
import { epochClock, network } from './step.ts';

const batch = 32;
/** 31 full steps, and 31 with a last one of 8 samples. */
const counts = [992, 1000] as const;

export const suite: Suite = {
  name: 'epoch',
  description: 'what compensated sums add to a training step, and a short last batch to an epoch and to compilation',
  async *run(context) {
    yield* sums(context);
    yield* lastBatch(context);
  },
};

async function* sums({ engine, quick }: Context): AsyncIterable<Measured> {
  // Loss and accuracy: two sums each.
  const nodes = Array.from({ length: 4 }, (_, index) => variable([], { name: `batch_${index}` }));
  const totals = nodes.map((_, index) => variable([], { name: `plain_${index}` }));
  const compensated = new Sums(engine);
  const updates = compensated.add([nodes.slice(0, 2), nodes.slice(2)]);
  const plain = nodes.map((node, index): [Variable, Node] => [totals[index]!, add(totals[index]!, node)]);
  const first = await execution(engine, { updates }, [...nodes, ...compensated.variables]);
  const second = await execution(engine, { updates: plain }, totals);
  try {
    const times = await timeInTurn(first, second, quick);
    yield duration('sums of a step, compensated', times.first, 'ns', 1e6 * times.first.median, null);
    yield duration('sums of a step, plain', times.second, 'ns', 1e6 * times.second.median, null);
  } finally {
    first.dispose();
    second.dispose();
  }
}

async function* lastBatch({ request, quick }: Context): AsyncIterable<Measured> {
  const { train } = await loadMnist({ trainCount: counts[1], testCount: 1 });
  const labels = oneHotLabels(train);
  const [starts, epochs] = [counts.map((): number[] => []), counts.map((): number[] => [])];
  for (let round = 0; round < (quick ? 1 : 15); round++) {
    for (const [side, count] of counts.entries()) {
      const engine = await startEngine(request); // an engine caches compiled programs
      try {
        const clock = epochClock();
        const x = tensor(train.images.slice(0, 784 * count), [count, 784], { scale: 1 / 255 });
        const y = tensor(labels.slice(0, 10 * count), [count, 10]);
        const begin = performance.now();
        await network(engine).fit(x, y, { epochs: quick ? 2 : 8, batchSize: batch, callbacks: [clock] });
        starts[side]!.push(clock.epochs[0]!.firstChunk - begin);
        epochs[side]!.push(...clock.epochs.slice(1).map((epoch) => epoch.end - epoch.begin));
      } finally {
        engine.dispose();
      }
    }
  }
  for (const [side, count] of counts.entries()) {
    const [start, epoch] = [spread(starts[side]!), spread(epochs[side]!)];
    yield duration(`fit of ${count} samples, until the first step`, start, 'ms', start.median, null);
    yield duration(`epoch of ${count} samples`, epoch, 'ms', epoch.median, null);
  }
}
