/**
 * Threads in Node: the same bits as one thread, queued work in order, and termination of the process, of workers and of waits in
 * every case.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { WasmOptions } from '../../src/backends/wasm/index.ts';
import type { Pool } from '../../src/backends/wasm/threads/pool.ts';
import type { Threads } from '../../src/backends/wasm/threads/threads.ts';
import type { TypedArray } from '../../src/core/dtype.ts';
import { Engine } from '../../src/engine.ts';
import type { Executable } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import * as ops from '../../src/ops/index.ts';
import { createEngine } from '../../src/create-engine.ts';
import { workerSource } from '../../src/generated/wasm/worker.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { adam } from '../../src/optim/adam.ts';
import { sequential } from '../../src/model/make-model.ts';
import { allWeights, blobs, rejection, thrown } from '../support/models.ts';
import { caseResults, opNames } from '../support/run-cases.ts';

const started: { engine: Engine; backend: WasmBackend }[] = [];

async function start(options: WasmOptions): Promise<{ engine: Engine; backend: WasmBackend }> {
  const backend = await WasmBackend.create(options);
  started.push({ engine: new Engine(backend), backend });
  return started.at(-1)!;
}

/** Shares all kernels that can be shared, however small, and always runs in workers. */
const all = (threads: number): WasmOptions => ({
  threads,
  worker: true,
  shareThreshold: 0,
  patience: 20,
  startPatience: 20,
});

const bitsOf = (values: TypedArray): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

function poolOf(backend: WasmBackend): Pool {
  return (backend['processor'] as Threads).pool!;
}

function filled(shape: readonly number[], seed = 1): Variable {
  const count = shape.reduce((product, size) => product * size, 1);
  const initialize = (): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => Math.sin(seed * index + seed));
  return ops.variable([...shape], { initialize });
}

afterEach(() => {
  vi.unstubAllGlobals();
  for (const { engine } of started.splice(0)) engine.dispose();
});

describe('the same bits as one thread', () => {
  const one = WasmBackend.create().then((backend) => new Engine(backend));
  const many = [1, 2, 3].map(async (threads) => new Engine(await WasmBackend.create(all(threads))));

  it.each(opNames)('%s', async (name) => {
    const bits = async (engine: Engine): Promise<string[]> =>
      (await caseResults(engine, name)).map(({ values }) => bitsOf(values));
    const expected = await bits(await one);
    for (const engine of many) expect(await bits(await engine)).toEqual(expected);
    const { stateBytes, arenaBytes } = (await many[2]!).info;
    expect(stateBytes + arenaBytes).toBe(0);
  });

  it('where kernels are large', async () => {
    const outputs = (): Record<string, Node> => ({
      square: ops.matmul(filled([200, 130]), filled([130, 210], 2)),
      wide: ops.tanh(ops.add(ops.matmul(filled([3, 70]), filled([70, 1100], 2)), filled([1100], 3))),
      tall: ops.matmul(filled([70, 1100]), filled([70, 9], 2), { transposeA: true }),
      column: ops.matmul(filled([500, 300]), filled([300, 1], 2)),
      dots: ops.matmul(filled([5, 600]), filled([301, 600], 2), { transposeB: true }),
      batch: ops.matmul(filled([7, 33, 20]), filled([7, 20, 35], 2)),
      sums: ops.sum(filled([70, 300]), 0),
      rows: ops.softmax(filled([61, 300])),
      transposed: ops.transpose(filled([67, 130])),
      chain: ops.exp(ops.mul(ops.add(filled([5001]), 1), filled([5001], 2))),
    });
    const run = async (engine: Engine): Promise<string[]> => {
      const executable = await engine.compile({ outputs: outputs() });
      executable.run(3);
      const names = Object.keys(outputs());
      return (await Promise.all(names.map((name) => executable.read(name)))).map(bitsOf);
    };
    const expected = await run(await one);
    for (const engine of many) expect(await run(await engine)).toEqual(expected);
  });

  it('in a training run', async () => {
    const { x, y } = blobs(300);
    const train = async (options: WasmOptions): Promise<number[]> => {
      const { engine } = await start(options);
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
    const expected = await train({});
    expect(await train(all(2))).toEqual(expected);
    expect(await train(all(3))).toEqual(expected);
  });

  it('while all and one take turns', async () => {
    // with this clock either way may be faster at any time: each step takes up to 30 ms
    const clock = '(self.seed=(self.seed??1)*16807%2147483647,self.time=(self.time??0)+self.seed%30)'.replaceAll(
      'self',
      'globalThis',
    );
    const script = workerSource.replace('performance.now()', clock);
    expect(script).not.toBe(workerSource);
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    const run = async (options: WasmOptions): Promise<{ bits: string; reasons: Set<string> }> => {
      const { engine } = await start(options);
      const w = filled([65, 65]);
      const next = ops.softmax(ops.matmul(w, ops.add(w, ops.transpose(w))));
      const executable = await engine.compile({ outputs: {}, updates: [[w, ops.add(next, filled([65, 65], 3))]] });
      const reasons = new Set<string>();
      for (let job = 0; job < 500; job++) {
        executable.run(1 + (job % 3));
        await engine.finished();
        reasons.add(engine.info.reason);
      }
      return { bits: bitsOf(await engine.read(w)), reasons };
    };
    const { bits } = await run({});
    const turns = await run({ ...all(2), workerUrl });
    expect(turns.bits).toBe(bits);
    expect([...turns.reasons].sort()).toEqual(['', 'one thread for now: it is faster, for another process has a core']);
  });
});

/** A program in which every step adds 1 to a counter and runs work that threads share. */
async function counting(engine: Engine, size = 64): Promise<{ counter: Variable; executable: Executable }> {
  const counter = ops.variable([], { dtype: 'int32' });
  const [x, y] = [filled([size, size]), filled([size, size], 2)];
  const executable = await engine.compile({
    outputs: { product: ops.matmul(x, y) },
    updates: [[counter, ops.increment(counter)]],
  });
  return { counter, executable };
}

describe('queued work', () => {
  it('keeps its order with reads and writes', async () => {
    const { engine } = await start(all(2));
    const { counter, executable } = await counting(engine);
    const reads: Promise<TypedArray>[] = [];
    for (let round = 0; round < 5; round++) {
      executable.run(round);
      reads.push(engine.read(counter));
      if (round === 3) engine.write(counter, Int32Array.of(100));
    }
    expect((await Promise.all(reads)).map(([value]) => value)).toEqual([0, 1, 3, 6, 104]);
  });

  it('may be more than the ring holds', async () => {
    const { engine } = await start(all(2));
    const { counter, executable } = await counting(engine, 8);
    for (let run = 0; run < 1000; run++) executable.run(1);
    expect((await engine.read(counter))[0]).toBe(1000);
  });

  it('leaves the calling thread free', async () => {
    const engine = await createEngine({ backend: 'wasm', worker: true });
    const { executable } = await counting(engine, 512);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    executable.run(20);
    await engine.finished();
    clearInterval(timer);
    engine.dispose();
    expect(ticks).toBeGreaterThan(5);
  });

  it('takes no more memory after 10,000 steps', async () => {
    const { engine, backend } = await start(all(2));
    const { counter, executable } = await counting(engine, 16);
    const bytes = (): number => backend['heap'].memory.buffer.byteLength + backend.info.arenaBytes;
    const round = async (): Promise<void> => {
      executable.run(50);
      engine.write(counter, Int32Array.of(7));
      executable.run(50);
      expect((await engine.read(counter))[0]).toBe(57);
    };
    await round();
    const before = bytes();
    for (let steps = 0; steps < 10_000; steps += 100) await round();
    expect(bytes()).toBe(before);
  });

  it('goes on with memory that another program gave back', async () => {
    const { engine } = await start(all(2));
    const { counter, executable } = await counting(engine);
    executable.run(2000);
    executable.dispose();
    const other = await counting(engine);
    other.executable.run(3);
    const counts = await Promise.all([engine.read(counter), engine.read(other.counter)]);
    expect(counts.map(([value]) => value)).toEqual([2000, 3]);
  });
});

describe('when it ends', () => {
  it('a dead worker is an error, at once and ever after', async () => {
    const { engine, backend } = await start(all(2));
    const { counter, executable } = await counting(engine, 256);
    executable.run(100_000);
    const waiting = [rejection(engine.finished()), rejection(engine.read(counter))];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = performance.now();
    poolOf(backend)['workers'][1]!.terminate();
    const text = /^BackendError: wasm: the worker threads failed: thread 1 of 2: .* create another engine$/;
    for (const message of await Promise.all(waiting)) expect(message).toMatch(text);
    expect(performance.now() - before).toBeLessThan(5000);
    expect(thrown(() => executable.run(1))).toMatch(text);
    expect(thrown(() => engine.write(counter, Int32Array.of(1)))).toMatch(text);
    expect(await rejection(engine.read(counter))).toMatch(text);
  });

  it('a wait in vain is an error', async () => {
    const { engine, backend } = await start({ ...all(2), patience: 1 });
    const { executable } = await counting(engine, 8);
    executable.run(1);
    await engine.finished();
    // thread 0 copies a number onto itself for seconds; thread 1 waits for it at the next barrier
    const { heap, kernels } = { heap: backend['heap'], kernels: backend['kernels'] };
    const cell = heap.allocate(4, 'a cell');
    const pad = (...list: number[]): number[] => [...list, ...new Array<number>(8 - list.length).fill(0)];
    const call = [cell, cell, 1, ...pad(4e9), ...pad(0), ...pad(0)];
    const words = [kernels.indexOf('strided_copy'), 8 + 4 * call.length, ...call, 0xffffffff];
    const program = heap.allocate(4 * words.length, 'a program');
    new Uint32Array(heap.memory.buffer, program, words.length).set(words);
    const plan = heap.allocate(256, 'a record and a plan');
    poolOf(backend).run(program, plan, 1);
    expect(await rejection(engine.finished())).toContain('waited in vain for the others');
  });

  it('a fault in a worker is an error', async () => {
    const { engine, backend } = await start(all(2));
    const { executable } = await counting(engine, 8);
    executable.run(1);
    poolOf(backend).run(2 ** 32 - 65536, null, 1); // there is no program at this address
    expect(await rejection(engine.finished())).toMatch(/thread 0 of 2: RuntimeError: .*out of bounds/);
  });

  it('work that goes on when the engine is disposed is rejected', async () => {
    const { engine } = await start(all(2));
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
      const engine = await createEngine({ backend: 'wasm', threads: 2, worker: true });
      const { run, read } = await engine.compile({ outputs: { x: ops.matmul(ops.variable([300, 300]), ops.variable([300, 300])) } })
        .then((made) => ({ run: () => made.run(20), read: () => made.read('x') }));
      run();
      console.log((await read()).length, engine.info.threads);
      ${last};`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { timeout: 20_000, cwd: new URL('../..', import.meta.url) },
    );
    expect(stdout).toBe('90000 2\n');
  });
});

describe('where there are no threads', () => {
  it('one does the work, and the reason is told', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const engine = await createEngine({ backend: 'wasm', threads: 4 });
    const { counter, executable } = await counting(engine);
    executable.run(3);
    expect((await engine.read(counter))[0]).toBe(3);
    expect(engine.info.threads).toBe(1);
    expect(engine.info.reason).toContain(
      'threads need a cross-origin isolated page: serve it with Cross-Origin-Opener',
    );
    engine.dispose();
  });

  it('workers that do not start leave it to the calling thread', async () => {
    const { engine } = await start({ ...all(2), workerUrl: new URL('file:///nowhere/worker.js') });
    const { counter, executable } = await counting(engine);
    executable.run(3);
    expect((await engine.read(counter))[0]).toBe(3);
    expect(engine.info.threads).toBe(1);
    expect(engine.info.reason).toMatch(/^one thread, for the workers did not start: .*nowhere/);
  });

  it('none are started for a program that gains nothing', async () => {
    const { engine, backend } = await start({ threads: 2 });
    const { executable } = await counting(engine, 16);
    executable.run(1);
    expect(poolOf(backend)).toBeNull();
  });

  it('a small model has one by itself', async () => {
    const engine = await createEngine({ backend: 'wasm', threads: 'auto', work: 1e5 });
    expect(engine.info.threads).toBe(1);
    expect(engine.info.reason).toBe('asked for; one thread: the model is small');
    engine.dispose();
  });

  it.each([0, -1, 1.5, NaN, 65])('%s is refused as their number', async (threads) => {
    expect(await rejection(WasmBackend.create({ threads }))).toBe(
      `ValueError: WasmBackend: threads must be an integer from 1 to 64, or 'auto', not ${threads}`,
    );
  });
});
