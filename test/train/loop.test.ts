/** How a run is split into chunks, its programs, and its backend. */
import { describe, expect, it } from 'vitest';
import type { Engine, Executable } from '../../src/engine.ts';
import type { Graph } from '../../src/graph/node.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { ChunkSizer, runSteps } from '../../src/train/loop.ts';
import { sequential } from '../../src/model/make-model.ts';
import { chain } from '../../src/nn/topology.ts';
import { multiplyAdds } from '../../src/model/work.ts';
import { blobs, classifier, referenceEngine, rejection } from '../support/models.ts';

/** A device that takes `milliseconds` per step and runs asynchronously. */
function slowDevice(milliseconds: number): {
  engine: Engine;
  executable: Executable;
  chunks: number[];
  most: () => number;
} {
  const chunks: number[] = [];
  let queued = 0;
  let most = 0;
  let last: Promise<void> = Promise.resolve();
  const run = (steps: number): void => {
    chunks.push(steps);
    queued += 1;
    most = Math.max(most, queued);
    last = last
      .then(() => new Promise<void>((resolve) => setTimeout(resolve, steps * milliseconds)))
      .then(() => {
        queued -= 1;
      });
  };
  const engine = { finished: () => last } as unknown as Engine;
  return { engine, executable: { run } as unknown as Executable, chunks, most: () => most };
}

/** A chunk of `steps` steps. */
const partsOf = ({ engine, executable }: { engine: Engine; executable: Executable }, steps: number) => ({
  engine,
  parts: [{ executable, steps }],
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The chunks of a device that takes exactly `milliseconds` for a step. */
function chunksOf(sizer: ChunkSizer, milliseconds: number, count = 12): number[] {
  return Array.from({ length: count }, () => {
    const chunk = sizer.next(Infinity);
    sizer.record(chunk, chunk * milliseconds);
    return chunk;
  });
}

describe('chunk sizes', () => {
  const gpu = { info: { name: 'webgpu' } } as Engine;

  it('grows a chunk to the time that it may take', () => {
    expect(chunksOf(new ChunkSizer(), 2)).toEqual([1, 4, 16, ...Array<number>(9).fill(50)]); // 100 ms without a page
  });

  it('gives a GPU chunks that neither the page nor the device feels', () => {
    expect(chunksOf(new ChunkSizer(gpu), 1)).toEqual([1, 4, 16, ...Array<number>(9).fill(60)]);
    expect(chunksOf(new ChunkSizer(gpu), 0.01)).toEqual([1, 4, 16, ...Array<number>(9).fill(64)]);
  });

  it('follows a device that becomes slower', () => {
    const sizer = new ChunkSizer(gpu);
    chunksOf(sizer, 1);
    expect(chunksOf(sizer, 6, 30).at(-1)).toBe(10);
  });
});

describe('runSteps', () => {
  it('does every step, and queues at most two chunks', async () => {
    const { chunks, most, ...device } = slowDevice(2);
    expect(await runSteps({ ...partsOf(device, 200), sizer: new ChunkSizer() })).toBe(200);
    expect(sum(chunks)).toBe(200);
    expect(chunks[0]).toBe(1);
    expect(Math.max(...chunks)).toBeGreaterThan(1);
    expect(most()).toBe(2);
  });

  it('lets other tasks run between chunks', async () => {
    const { chunks, ...device } = slowDevice(0.01);
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await runSteps({ ...partsOf(device, 5000), sizer: new ChunkSizer() });
    running = false;
    expect(turns).toBeGreaterThanOrEqual(chunks.length);
  });

  it('ends early when it is told to, and waits for what is queued', async () => {
    const { chunks, ...device } = slowDevice(1);
    const done = await runSteps({ ...partsOf(device, 100), sizer: new ChunkSizer(), onChunk: (steps) => steps < 5 });
    expect(done).toBe(sum(chunks));
    expect(done).toBeLessThan(100);
  });

  it('passes a failure of the device on', async () => {
    const { executable } = slowDevice(1);
    const engine = { finished: () => Promise.reject(new Error('lost')) } as unknown as Engine;
    expect(await rejection(runSteps({ ...partsOf({ engine, executable }, 9), sizer: new ChunkSizer() }))).toBe(
      'Error: lost',
    );
  });
});

describe('a fit', () => {
  it('is one program for each size of batch, of training and of validation, all epochs included', async () => {
    const engine = referenceEngine();
    const graphs: Partial<Graph>[] = [];
    const compile = engine.compile.bind(engine);
    engine.compile = (graph, options) => {
      graphs.push(graph);
      return compile(graph, options);
    };
    await classifier({ engine }).fit(blobs(50).x, blobs(50).y, { epochs: 3, batchSize: 16, validationSplit: 0.3 });
    // 35 samples to train on: 16, 16, 3; 15 to validate with: 15; and the check that the weights are finite at the end.
    expect(graphs).toHaveLength(4);
  });

  it('labels its steps by layer', async () => {
    const engine = referenceEngine();
    let labels: string[] = [];
    const compile = engine.compile.bind(engine);
    engine.compile = async (graph, options) => {
      const executable = await compile(graph, options);
      labels = executable.program.steps.map(({ label }) => label);
      return executable;
    };
    await classifier({ engine }).trainOnBatch(blobs(8).x, blobs(8).y);
    expect(labels.filter((label) => label.includes('matmul')).sort()).toEqual([
      'dense/matmul',
      'dense_1/matmul',
      'gradients/dense/matmul',
      'gradients/dense_1/matmul',
      'gradients/dense_1/matmul',
    ]);
  });

  it('without an engine makes one, and gives it back', async () => {
    const model = sequential([dense({ units: 3, activation: 'softmax', inputShape: [2] })], { seed: 1 });
    model.compile({ loss: 'sparseCategoricalCrossentropy' });
    const { history } = await model.fit(blobs(20).x, blobs(20).y, { epochs: 2 });
    expect(history['loss']![1]).toBeLessThan(history['loss']![0]!);
    const { data } = await model.predict(blobs(20).x);
    expect(data).toHaveLength(60);
    model.dispose();
    expect(await rejection(model.evaluate(blobs(20).x, blobs(20).y))).toMatch(
      /^StateError: evaluate: 'sequential' was disposed/,
    );
  });
});

it('the work of a step counts three products for each', () => {
  const topology = chain([dense({ units: 8 }), dense({ units: 3 })], [5]);
  topology.build([0, 1]);
  expect(multiplyAdds(topology, 10)).toBe(3 * 10 * (5 * 8 + 8 * 3));
});

it('counts those of every gate and step of a recurrent layer', () => {
  const topology = chain([lstm({ units: 6 })], [4, 5]);
  topology.build([0, 1]);
  expect(multiplyAdds(topology, 10)).toBe(3 * 10 * 4 * (5 + 6) * (4 * 6));
});
