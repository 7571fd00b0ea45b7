/**
 * A worker with separate memory, for environments without shared memory: the same bits as the calling thread, queued work in
 * order, and termination in every case.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { WasmOptions } from '../../src/backends/wasm/index.ts';
import { Remote } from '../../src/backends/wasm/threads/remote.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { TypedArray } from '../../src/core/dtype.ts';
import { Engine } from '../../src/engine.ts';
import type { Executable } from '../../src/engine.ts';
import type { Variable } from '../../src/graph/node.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import * as ops from '../../src/ops/index.ts';
import { adam } from '../../src/optim/adam.ts';
import { sequential } from '../../src/model/make-model.ts';
import { allWeights, blobs, rejection, thrown } from '../support/models.ts';
import { caseResults, opNames } from '../support/run-cases.ts';

const started: Engine[] = [];

async function start(options: WasmOptions = {}): Promise<{ engine: Engine; backend: WasmBackend }> {
  const backend = await WasmBackend.create({ worker: true, startPatience: 20, ...options });
  const engine = new Engine(backend);
  started.push(engine);
  if (options.workerUrl === undefined) expect(backend['processor'], engine.info.reason).toBeInstanceOf(Remote);
  return { engine, backend };
}

const workerOf = (backend: WasmBackend) => (backend['processor'] as Remote)['worker']!;

const bitsOf = (values: TypedArray): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

/** A program in which every step adds 1 to a counter and computes a product. */
async function counting(engine: Engine, size = 64): Promise<{ counter: Variable; executable: Executable }> {
  const counter = ops.variable([], { dtype: 'int32' });
  const [x, y] = [ops.variable([size, size]), ops.variable([size, size])];
  const executable = await engine.compile({
    outputs: { product: ops.matmul(x, y) },
    updates: [[counter, ops.increment(counter)]],
  });
  return { counter, executable };
}

beforeEach(() => {
  vi.stubGlobal('crossOriginIsolated', false);
});

afterEach(() => {
  vi.unstubAllGlobals();
  for (const engine of started.splice(0)) engine.dispose();
});

describe('the same bits as the calling thread', () => {
  const one = WasmBackend.create().then((backend) => new Engine(backend));

  const far = (async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    return new Engine(await WasmBackend.create({ worker: true, startPatience: 20 }));
  })();

  it.each(opNames)('%s', async (name) => {
    const engine = await far;
    expect((engine as unknown as { backend: WasmBackend }).backend['processor']).toBeInstanceOf(Remote);
    const bits = async (given: Engine): Promise<string[]> =>
      (await caseResults(given, name)).map(({ values }) => bitsOf(values));
    expect(await bits(engine)).toEqual(await bits(await one));
    expect(engine.info).toMatchObject({ stateBytes: 0, arenaBytes: 0 });
  });

  it('in a training run', async () => {
    const { x, y } = blobs(300);
    const train = async (engine: Engine): Promise<number[]> => {
      const layers = [
        dense({ units: 65, activation: 'relu', inputShape: [2] }),
        dropout({ rate: 0.2 }),
        dense({ units: 3, activation: 'softmax' }),
      ];
      const model = sequential(layers, { engine, seed: 3 });
      model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      const { history } = await model.fit(x, y, { epochs: 4, batchSize: 32, validationSplit: 0.2 });
      return [...Object.values(history).flat(), ...(await allWeights(model))];
    };
    expect(await train((await start()).engine)).toEqual(await train(await one));
  });
});

describe('queued work', () => {
  it('keeps its order with reads and writes', async () => {
    const { engine } = await start();
    const { counter, executable } = await counting(engine);
    const reads: Promise<TypedArray>[] = [];
    for (let round = 0; round < 5; round++) {
      executable.run(round);
      reads.push(engine.read(counter));
      if (round === 3) {
        const values = Int32Array.of(100);
        engine.write(counter, values);
        values[0] = 7; // writing copies the values
      }
    }
    expect((await Promise.all(reads)).map(([value]) => value)).toEqual([0, 1, 3, 6, 104]);
  });

  it('runs in pieces as often as was asked for', async () => {
    const { engine } = await start();
    const { counter, executable } = await counting(engine, 8);
    for (const steps of [1, 2, 3, 1000, 12345]) executable.run(steps);
    expect((await engine.read(counter))[0]).toBe(13351);
  });

  it('leaves the calling thread free', async () => {
    const { engine } = await start();
    const { counter, executable } = await counting(engine, 256);
    const work = 300;
    executable.run(work);
    // on the calling thread the run would end before a timer fires
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    expect((await engine.read(counter))[0]).toBe(work);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('reads into an array of the caller, and pieces of a variable', async () => {
    const { engine } = await start();
    const x = ops.variable([6], { initialize: () => Float32Array.of(1, 2, 3, 4, 5, 6) });
    engine.allocate([x]);
    engine.write(x, Float32Array.of(9, 8), 2);
    const into = new Float32Array(6);
    expect(await engine.read(x, into)).toBe(into);
    expect([...into]).toEqual([1, 2, 9, 8, 5, 6]);
  });

  it('writes a part of a larger array, and no more', async () => {
    const { engine } = await start();
    const [x, behind] = [ops.variable([2]), ops.variable([64], { initialize: () => new Float32Array(64).fill(5) })];
    engine.allocate([x, behind]);
    engine.write(x, Float32Array.from({ length: 100 }, (_, index) => index).subarray(3, 5));
    expect([...(await engine.read(x))]).toEqual([3, 4]);
    expect(new Set(await engine.read(behind))).toEqual(new Set([5]));
  });

  it('goes on with memory that another program gave back, which is zeros again', async () => {
    const { engine } = await start();
    const first = ops.variable([1000], { initialize: () => new Float32Array(1000).fill(3) });
    engine.allocate([first]);
    engine.release([first]);
    const second = ops.variable([1000]);
    engine.allocate([second]);
    expect(new Set(await engine.read(second))).toEqual(new Set([0]));
  });

  it('takes memory beyond what it started with', async () => {
    const { engine } = await start();
    const large = ops.variable([2 ** 20], { initialize: () => new Float32Array(2 ** 20).fill(2) });
    const executable = await engine.compile({ outputs: { sum: ops.sum(large) } });
    executable.run();
    expect([...(await executable.read('sum'))]).toEqual([2 ** 21]);
    expect(() => engine.allocate([ops.variable([2 ** 30])])).toThrow(/needs 4294967296 bytes.*at most 4096 MiB/);
  });
});

describe('when it ends', () => {
  it('a dead worker is an error, at once and ever after', async () => {
    const { engine, backend } = await start();
    const { counter, executable } = await counting(engine, 256);
    executable.run(100_000);
    const waiting = [
      rejection(engine.finished()),
      rejection(engine.read(counter)),
      rejection(executable.read('product')),
    ];
    workerOf(backend).terminate();
    const text = /^BackendError: wasm: the worker failed: it ended with code 1\. .* create another engine$/;
    for (const message of await Promise.all(waiting)) expect(message).toMatch(text);
    expect(thrown(() => executable.run(1))).toMatch(text);
    expect(thrown(() => engine.write(counter, Int32Array.of(1)))).toMatch(text);
    expect(await rejection(engine.read(counter))).toMatch(text);
    expect(await rejection(engine.finished())).toMatch(text);
  });

  it('a fault in the worker is an error', async () => {
    const { engine, backend } = await start();
    backend['processor'].run(2 ** 32 - 65536, null, 1); // there is no program at this address
    expect(await rejection(engine.finished())).toMatch(
      /BackendError: wasm: the worker failed: RuntimeError: .*out of bounds/,
    );
  });

  it('memory that cannot be had is an error', async () => {
    const { engine, backend } = await start();
    workerOf(backend).post({ kind: 'grow', pages: 65536 });
    expect(await rejection(engine.finished())).toMatch(/BackendError: wasm: the worker failed: .*memory/i);
  });

  it('silence is an error', async () => {
    const { engine } = await start({ patience: 0 });
    const huge = await engine.compile({
      outputs: { y: ops.matmul(ops.variable([4000, 4000]), ops.variable([4000, 4000])) },
    });
    huge.run();
    expect(await rejection(huge.read('y'))).toMatch(/did not answer for 1 seconds/);
  });

  it('work that goes on when the engine is disposed is rejected', async () => {
    const { engine } = await start();
    const { executable } = await counting(engine, 256);
    executable.run(100_000);
    const finished = rejection(engine.finished());
    engine.dispose();
    expect(await finished).toBe('BackendError: wasm: the engine was disposed while it was at work');
  });

  it.each(['engine.dispose()', 'undefined'])('a process ends after %s', async (last) => {
    const source = (file: string): string => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
    const program = `
      import { createEngine } from ${source('create-engine.ts')};
      import * as ops from ${source('ops/index.ts')};
      globalThis.crossOriginIsolated = false;
      const engine = await createEngine({ backend: 'wasm', worker: true });
      const made = await engine.compile({ outputs: { x: ops.matmul(ops.variable([300, 300]), ops.variable([300, 300])) } });
      made.run(20);
      console.log((await made.read('x')).length, engine.info.threads);
      ${last};`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { timeout: 20_000, cwd: new URL('../..', import.meta.url) },
    );
    expect(stdout).toBe('90000 1\n');
  });
});

describe('what it says', () => {
  it('nothing more where a worker was asked for, and why there are no threads where they were', async () => {
    const engine = await createEngine({ backend: 'wasm', worker: true });
    expect(engine.info).toMatchObject({ threads: 1, reason: 'asked for' });
    engine.dispose();
    const several = await createEngine({ backend: 'wasm', worker: true, threads: 4 });
    expect(several.info.threads).toBe(1);
    expect(several.info.reason).toMatch(/^asked for; one thread: threads need a cross-origin isolated page/);
    several.dispose();
  });

  it.each([
    ['has no script', new URL('file:///nowhere/worker.js'), /workers? did not start: .*nowhere/],
    ['fails at once', new URL('data:text/javascript,throw new Error("bad script")'), /bad script/],
    [
      'never answers',
      new URL('data:text/javascript,setInterval(() => 0, 1000)'),
      /a worker has not started within 1 s/,
    ],
    [
      'loads and is never ready',
      new URL(
        `data:text/javascript,${encodeURIComponent(
          `const { parentPort } = process.getBuiltinModule('node:worker_threads'); parentPort.onmessage = () => 0; parentPort.postMessage({ kind: 'loaded' });`,
        )}`,
      ),
      /a worker has not started within 1 s/,
    ],
  ])('one that %s leaves it to the calling thread, and says why', async (_, workerUrl, why) => {
    for (const isolated of [false, true]) {
      vi.stubGlobal('crossOriginIsolated', isolated);
      const { engine } = await start({ workerUrl, startPatience: 1 });
      const { counter, executable } = await counting(engine);
      executable.run(3);
      expect((await engine.read(counter))[0]).toBe(3);
      expect(engine.info.threads).toBe(1);
      expect(engine.info.reason).toMatch(why);
    }
  });
});
