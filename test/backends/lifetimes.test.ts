/** Freed objects are never run, read or written, on any backend. An invalid call does not affect other users of the engine. */
import { afterAll, describe, expect, it } from 'vitest';
import { runInNewContext } from 'node:vm';
import { isBackend } from '../../src/backends/backend.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../src/backends/webgpu/index.ts';
import { describe as shown } from '../../src/core/describe.ts';
import { DTypeError, GradletError, ShapeError, StateError, ValueError } from '../../src/core/errors.ts';
import { Engine, Executable } from '../../src/engine.ts';
import type { Variable } from '../../src/graph/node.ts';
import * as ops from '../../src/ops/index.ts';
import { FakeDevice } from '../support/fake-device.ts';

const backends: Record<string, () => Backend | Promise<Backend>> = {
  reference: () => new ReferenceBackend(),
  wasm: () => WasmBackend.create(),
  'wasm in a worker': () => WasmBackend.create({ worker: true }),
  'wasm with two threads': () => WasmBackend.create({ threads: 2, shareThreshold: 0 }),
  'webgpu, which computes nothing here': () => WebGPUBackend.create({ gpu: new FakeDevice().gpu }),
};

const foreign = (name: string, values: readonly number[]): never =>
  runInNewContext('(name, values) => new globalThis[name](values)')(name, values) as never;

/** The error that `call` throws or with which it is rejected. */
async function refusal(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(Object.entries(backends))('%s', (name, start) => {
  const isFake = name.startsWith('webgpu');
  const engines: Engine[] = [];
  afterAll(() => {
    for (const engine of engines) engine.dispose();
  });

  async function made(): Promise<{ engine: Engine; x: Variable; executable: Executable; other: () => Promise<void> }> {
    const engine = new Engine(await start());
    engines.push(engine);
    const x = ops.variable([4], { name: 'x', initialize: () => Float32Array.of(1, 2, 3, 4) });
    const executable = await engine.compile({ outputs: { y: ops.mul(x, 2), x }, updates: [[x, ops.add(x, 1)]] });
    const own = ops.variable([4], { name: 'own', initialize: () => Float32Array.of(5, 6, 7, 8) });
    const theirs = await engine.compile({ outputs: { z: ops.mul(own, 3) } });
    /** Another model on the same engine, which must not be affected. */
    const other = async (): Promise<void> => {
      theirs.run();
      const values = [...(await theirs.read('z'))];
      if (!isFake) expect(values).toEqual([15, 18, 21, 24]);
      if (!isFake) expect([...(await engine.read(own))]).toEqual([5, 6, 7, 8]);
    };
    return { engine, x, executable, other };
  }

  it('refuses to run, read and dispose a program twice', async () => {
    const { engine, executable, other } = await made();
    executable.run();
    executable.dispose();
    const bytes = engine.info.arenaBytes;
    executable.dispose();
    expect(engine.info.arenaBytes).toBe(bytes);
    expect(await refusal(() => executable.run())).toBeInstanceOf(StateError);
    expect(await refusal(() => executable.read('y'))).toBeInstanceOf(StateError);
    await other();
  });

  it('a second dispose frees nothing of a program that got the memory since', async () => {
    const { engine, executable, other } = await made();
    executable.dispose();
    const y = ops.variable([4], { initialize: () => Float32Array.of(1, 1, 1, 1) });
    const next = await engine.compile({ outputs: { s: ops.sum(ops.mul(y, y)) } });
    executable.dispose();
    const late = ops.variable([4], { initialize: () => Float32Array.of(9, 9, 9, 9) });
    engine.allocate([late]);
    next.run();
    if (!isFake) expect([...(await next.read('s'))]).toEqual([4]);
    if (!isFake) expect([...(await engine.read(late))]).toEqual([9, 9, 9, 9]);
    await other();
  });

  it('refuses what uses a variable that was released, until it is compiled again', async () => {
    const { engine, x, executable, other } = await made();
    executable.run();
    engine.release([x]);
    engine.release([x]);
    const filler = ops.variable([4], { initialize: () => Float32Array.of(-1, -1, -1, -1) });
    engine.allocate([filler]);
    for (const call of [
      () => executable.run(),
      () => executable.read('y'),
      () => engine.read(x),
      () => engine.write(x, new Float32Array(4)),
    ]) {
      const error = await refusal(call);
      expect(error).toBeInstanceOf(StateError);
      expect((error as Error).message).toMatch(/'x' was released/);
    }
    if (!isFake) expect([...(await engine.read(filler))]).toEqual([-1, -1, -1, -1]);
    const again = await engine.compile({ outputs: { y: ops.mul(x, 2) } });
    again.run();
    if (!isFake) expect([...(await again.read('y'))]).toEqual([2, 4, 6, 8]);
    engine.write(x, new Float32Array(4));
    expect(await refusal(() => executable.run())).toBeInstanceOf(StateError); // its memory is already reused
    await other();
  });

  it('is not harmed by a release while runs and reads are queued', async () => {
    const { engine, x, executable, other } = await made();
    executable.run(100);
    const reading = executable.read('y');
    const state = engine.read(x);
    executable.dispose();
    engine.release([x]);
    if (isFake) await Promise.all([reading, state]);
    else expect([...(await reading), ...(await state)]).toEqual([200, 202, 204, 206, 101, 102, 103, 104]);
    await other();
  });

  it('takes 0 steps, which change nothing', async () => {
    const { x, engine, executable } = await made();
    executable.run(0);
    if (!isFake) expect([...(await engine.read(x))]).toEqual([1, 2, 3, 4]);
  });

  it.each([-1, 1.5, NaN, Infinity, -Infinity, 1e6 + 1, 2 ** 31, 2 ** 32 + 1, 1e300, '2', null, {}, 3n])(
    'refuses %s steps',
    async (steps) => {
      const { x, engine, executable, other } = await made();
      expect(await refusal(() => executable.run(steps as number))).toBeInstanceOf(ValueError);
      if (!isFake) expect([...(await engine.read(x))]).toEqual([1, 2, 3, 4]);
      await other();
    },
  );

  it('refuses wrong arrays and offsets', async () => {
    const { engine, x, executable, other } = await made();
    const values = new Float32Array(2);
    for (const offset of [-1, 0.5, NaN, 3, 4, Infinity, -Infinity, 2 ** 40, '1', null, {}]) {
      expect(await refusal(() => engine.write(x, values, offset as number)), shown(offset)).toBeInstanceOf(ShapeError);
    }
    const arrays = [
      new Int32Array(4),
      new Float64Array(4),
      new Uint8Array(4),
      [1, 2, 3, 4],
      'text',
      null,
      undefined,
      7,
    ];
    for (const array of [...arrays, new DataView(new ArrayBuffer(16)), new ArrayBuffer(16), {}, () => 1]) {
      expect(await refusal(() => engine.write(x, array as never)), shown(array)).toBeInstanceOf(DTypeError);
      if (array === undefined) continue;
      expect(await refusal(() => engine.read(x, array as never)), shown(array)).toBeInstanceOf(DTypeError);
      expect(await refusal(() => executable.read('y', array as never)), shown(array)).toBeInstanceOf(DTypeError);
    }
    for (const length of [0, 3, 5]) {
      const into = new Float32Array(length);
      expect(await refusal(() => engine.read(x, into))).toBeInstanceOf(ShapeError);
      expect(await refusal(() => executable.read('y', into))).toBeInstanceOf(ShapeError);
    }
    expect(await refusal(() => engine.write(x, new Float32Array(5)))).toBeInstanceOf(ShapeError);
    if (!isFake) expect([...(await engine.read(x))]).toEqual([1, 2, 3, 4]);
    await other();
  });

  it('takes arrays of another realm, Buffers and views', async () => {
    const { engine, x, executable } = await made();
    engine.write(x, foreign('Float32Array', [2, 3, 4, 5]));
    executable.run();
    const into = foreign('Float32Array', [0, 0, 0, 0]);
    expect(await executable.read('y', into)).toBe(into);
    if (!isFake) expect([...(into as Float32Array)]).toEqual([4, 6, 8, 10]);
    const bytes = ops.variable([8], { dtype: 'uint8' });
    const joined = await engine.compile({
      outputs: { y: ops.mul(ops.cast(bytes, 'float32'), ops.cast(ops.constant(Buffer.from('abcdefgh')), 'float32')) },
    });
    engine.write(bytes, Buffer.from('12345678'));
    joined.run();
    const expected = [...'12345678'].map((digit, index) => digit.charCodeAt(0) * 'abcdefgh'.charCodeAt(index));
    if (!isFake) expect([...(await joined.read('y'))]).toEqual(expected);
    const pool = Buffer.from('........');
    expect(await engine.read(bytes, pool)).toBe(pool);
    if (!isFake) expect(pool.toString()).toBe('12345678');
  });

  it('refuses everything after the engine was disposed', async () => {
    const { engine, x, executable } = await made();
    engine.dispose();
    engine.dispose();
    for (const call of [
      () => executable.run(),
      () => executable.read('y'),
      () => engine.read(x),
      () => engine.write(x, new Float32Array(4)),
      () => engine.compile({ outputs: { x } }),
      () => engine.allocate([x]),
      () => engine.finished(),
    ]) {
      expect(await refusal(call)).toBeInstanceOf(StateError);
    }
    executable.dispose();
    engine.release([x]);
  });
});

describe('wrong calls', () => {
  const x = ops.variable([2], { name: 'x' });
  const junk = [null, undefined, 0, -1, NaN, 'text', true, 10n, Symbol('s'), [], [1], [[]], {}, { a: 1 }, () => 1, x];

  it.each([
    ['a tensor for a graph', [ops.add(x, 1)], /name the output/],
    ['a tensor for outputs', [{ outputs: ops.add(x, 1) }], /outputs must be an object of tensors by name/],
    ['an array for outputs', [{ outputs: [x] }], /outputs must be an object/],
    ['an output that is a number', [{ outputs: { y: 1 } }], /output 'y' must be a tensor of the graph, not 1/],
    ['an unknown key', [{ output: { x } }], /no option 'output'; did you mean 'outputs'/],
    ['updates that are no array', [{ updates: { x } }], /updates must be an array of pairs/],
    ['an update that is no pair', [{ updates: [x] }], /updates\[0\] must be a pair/],
    ['an update of three', [{ updates: [[x, x, x]] }], /updates\[0\] must be a pair/],
    ['a hole', [{ updates: [, [x, x]] }], /updates\[0\] must be a pair/], // eslint-disable-line no-sparse-arrays
    ['an update of a constant', [{ updates: [[ops.constant(1), x]] }], /updates\[0\]\[0\] must be a variable/],
    ['an update with a number', [{ updates: [[x, 0]] }], /updates\[0\]\[1\] must be a tensor of the graph, not 0/],
    ['an unknown option', [{ outputs: { x } }, { optimise: true }], /did you mean 'optimize'/],
    ['kernels that are no names', [{ outputs: { x } }, { kernels: { matmul: 1n } }], /kernels must be/],
    ['a third argument', [{ outputs: { x } }, {}, 1], /at most 2/],
    ['nothing', [], /takes an options object/],
  ])('compile refuses %s', async (_, args, message) => {
    const engine = new Engine(new ReferenceBackend());
    const error = await refusal(() => (engine.compile as (...given: unknown[]) => unknown).apply(engine, args));
    expect(error).toBeInstanceOf(ValueError);
    expect((error as Error).message).toMatch(message);
  });

  it('never end in an error of the language', async () => {
    const engine = new Engine(new ReferenceBackend());
    const executable = await engine.compile({ outputs: { y: ops.mul(x, 2) } });
    const calls: Record<string, (...args: never[]) => unknown> = {
      compile: (...args) => engine.compile(...(args as unknown as [never])),
      allocate: (...args) => engine.allocate(...(args as unknown as [never])),
      write: (...args) => engine.write(...(args as unknown as [never, never])),
      read: (...args) => engine.read(...(args as unknown as [never])),
      release: (...args) => engine.release(...(args as unknown as [never])),
      run: (...args) => executable.run(...(args as unknown as [never])),
      output: (...args) => executable.read(...(args as unknown as [never])),
      engine: (...args) => new Engine(...(args as unknown as [never])),
      executable: (...args) => new Executable(...(args as unknown as [never, never, never])),
    };
    for (const [name, call] of Object.entries(calls)) {
      for (const first of junk) {
        for (const second of junk) {
          const error = await refusal(() => call(first as never, second as never));
          if (error !== undefined)
            expect(error, `${name} ${shown(first)} ${shown(second)}`).toBeInstanceOf(GradletError);
        }
      }
    }
    expect(junk.filter(isBackend)).toEqual([]);
  });

  it('leave nothing behind when the first values are wrong', async () => {
    const engine = new Engine(await WasmBackend.create());
    const short = ops.variable([4], { name: 'short', initialize: () => new Float32Array(3) });
    expect(await refusal(() => engine.read(short))).toBeInstanceOf(ShapeError);
    expect(await refusal(() => engine.compile({ outputs: { short } }))).toBeInstanceOf(ShapeError);
    expect(engine.info.stateBytes).toBe(0);
  });
});
