/**
 * Threads: the same bits for any number of them, every run seen by every read, and an error instead of a hang when a
 * worker dies. In Node, where workers are those of node:worker_threads; pages are in test/browser/threads.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { BackendError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine.ts';
import { tanh } from '../../src/ops/activation.ts';
import { add } from '../../src/ops/arithmetic.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { variable } from '../../src/ops/op.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { adam } from '../../src/optim/adam.ts';
import { sequential } from '../../src/train/make-model.ts';
import { blobs } from '../support/models.ts';
import { caseResults, opNames } from '../support/run-cases.ts';

/** Shares every kernel that can be shared, however small. */
const shareAll = { shareThreshold: 0 } as const;

const bitsOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);

/** Parts of the backend that a test may break. */
interface Breakable {
  readonly threads: { readonly pool: { readonly workers: readonly { terminate(): void }[] } | null };
}

describe.each([2, 3])('%i threads', (threads) => {
  let shared: Engine;
  let alone: Engine;
  beforeAll(async () => {
    shared = new Engine(await WasmBackend.create({ threads, ...shareAll }));
    alone = new Engine(await WasmBackend.create());
  });
  afterAll(() => {
    shared.dispose();
    alone.dispose();
  });

  it.each(opNames)('%s: the bits of one thread', async (name) => {
    const expected = await caseResults(alone, name);
    const given = await caseResults(shared, name);
    given.forEach(({ opCase, values }, index) => {
      expect(bitsOf(values), opCase.name).toEqual(bitsOf(expected[index]!.values));
    });
    expect(shared.info).toMatchObject({ threads, reason: '', stateBytes: 0, arenaBytes: 0 });
  });
});

describe('training', () => {
  it('gives the weights of one thread, to the bit', async () => {
    const { x, y } = blobs(200);
    const weights = async (options: object): Promise<Uint8Array[]> => {
      const engine = new Engine(await WasmBackend.create(options));
      const layers = [
        dense({ units: 48, activation: 'relu', inputShape: [2] }),
        dense({ units: 3, activation: 'softmax' }),
      ];
      const model = sequential(layers, { engine, seed: 3 });
      model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      await model.fit(x, y, { epochs: 3, batchSize: 32, validationSplit: 0.1 });
      const bits = (await model.getWeights()).map(({ data }) => bitsOf(data));
      engine.dispose();
      return bits;
    };
    const expected = await weights({});
    expect(await weights({ threads: 2, ...shareAll })).toEqual(expected);
    expect(await weights({ worker: true })).toEqual(expected);
  });

  it('takes no more memory after 10,000 steps', async () => {
    const engine = new Engine(await WasmBackend.create({ threads: 2, ...shareAll }));
    const [x, y] = [variable([64, 64]), variable([64, 64])];
    const step = await engine.compile({ updates: [[x, tanh(add(matmul(x, y), 0.5))]] });
    step.run(100);
    await engine.finished();
    const { stateBytes, arenaBytes } = engine.info;
    for (let chunk = 0; chunk < 100; chunk++) step.run(100);
    await engine.finished();
    expect(engine.info).toMatchObject({ stateBytes, arenaBytes });
    engine.dispose();
  });
});

describe('a run', () => {
  it('sees what was written before it, and is seen by what is read after it', async () => {
    const engine = new Engine(await WasmBackend.create({ worker: true }));
    const x = variable([1000]);
    const step = await engine.compile({ updates: [[x, add(x, 1)]] });
    const reads: Promise<number>[] = [];
    for (let round = 0; round < 20; round++) {
      engine.write(x, new Float32Array(1000).fill(100 * round));
      step.run(round);
      reads.push(engine.read(x).then((values) => values[999]!));
    }
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 20 }, (_, round) => 101 * round));
    engine.dispose();
  });

  it.each([0, 1])('is an error, not a hang, when worker %i dies in the middle', { timeout: 30_000 }, async (victim) => {
    const backend = await WasmBackend.create({ threads: 2, patience: 2, ...shareAll });
    const engine = new Engine(backend);
    const [x, y] = [variable([256, 256]), variable([256, 256])];
    const step = await engine.compile({ updates: [[x, matmul(x, y)]] });
    step.run(1);
    await engine.finished();
    step.run(1_000_000);
    setTimeout(() => (backend as unknown as Breakable).threads.pool!.workers[victim]!.terminate(), 50);
    await expect(engine.finished()).rejects.toThrow(BackendError);
    await expect(engine.read(x)).rejects.toThrow(BackendError);
    engine.dispose();
  });

  it('that is not wanted any more ends with the engine', async () => {
    const engine = new Engine(await WasmBackend.create({ threads: 2, ...shareAll }));
    const [x, y] = [variable([256, 256]), variable([256, 256])];
    const step = await engine.compile({ updates: [[x, matmul(x, y)]] });
    step.run(1_000_000);
    const finished = engine.finished();
    engine.dispose();
    await expect(finished).rejects.toThrow(BackendError);
  });
});

it('refuses a number of threads that is none', async () => {
  for (const threads of [0, 1.5, -1, 1000, Number.NaN]) {
    await expect(WasmBackend.create({ threads })).rejects.toThrow(/is not a number of threads: use 1 to 64, or 'auto'/);
  }
});
