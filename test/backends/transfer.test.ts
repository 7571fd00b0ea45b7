/** Reading and writing values of an engine: reading into the caller's array, and errors. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { TypedArray } from '../../src/core/dtype.ts';
import { Engine } from '../../src/engine.ts';
import * as ops from '../../src/ops/index.ts';
import { thrown } from '../support/models.ts';

const backends: Record<string, () => Backend | Promise<Backend>> = {
  reference: () => new ReferenceBackend(),
  wasm: () => WasmBackend.create(),
  'wasm in a worker': () => WasmBackend.create({ worker: true }),
};

describe.each(Object.entries(backends))('%s', (_, start) => {
  const made = Promise.resolve(start()).then(async (backend) => {
    const engine = new Engine(backend);
    const x = ops.variable([2, 3], { name: 'x', initialize: () => Float32Array.of(1, 2, 3, 4, 5, 6) });
    const bytes = ops.variable([5], { dtype: 'uint8', initialize: () => Uint8Array.of(1, 2, 3, 4, 255) });
    const executable = await engine.compile({ outputs: { y: ops.mul(x, 2), largest: ops.argMax(x), bytes } });
    executable.run();
    return { engine, x, bytes, executable };
  });
  afterAll(async () => (await made).engine.dispose());

  it('reads into an array of the caller, and makes a new one where there is none', async () => {
    const { engine, x, bytes, executable } = await made;
    const into = new Float32Array(6);
    expect(await executable.read('y', into)).toBe(into);
    expect([...into]).toEqual([2, 4, 6, 8, 10, 12]);
    expect(await engine.read(x, into)).toBe(into);
    expect([...into]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await executable.read('largest', new Int32Array(2)))]).toEqual([2, 2]);
    const part = new Uint8Array(7).subarray(1, 6);
    expect(await engine.read(bytes, part)).toBe(part);
    expect([...new Uint8Array(part.buffer)]).toEqual([0, 1, 2, 3, 4, 255, 0]);
    const [one, other] = [await executable.read('y'), await executable.read('y')];
    expect(one).not.toBe(other);
    expect(one).toEqual(other);
  });

  it.each<[string, TypedArray, string]>([
    ['another dtype', new Int32Array(6), "DTypeError: read: '%' holds float32, not int32: use an array of its dtype"],
    ['a short array', new Float32Array(5), "ShapeError: read: '%' is [2, 3]: it does not go into an array of 5"],
    ['a long array', new Float32Array(7), "ShapeError: read: '%' is [2, 3]: it does not go into an array of 7"],
  ])('refuses %s, and leaves it as it is', async (_, into, message) => {
    const { engine, x, executable } = await made;
    expect(thrown(() => executable.read('y', into))).toBe(message.replace('%', 'y'));
    expect(thrown(() => engine.read(x, into))).toBe(message.replace('%', 'x'));
    expect(into.every((value) => value === 0)).toBe(true);
  });

  it('refuses to write what does not fit, and to read what is not there', async () => {
    const { engine, x, bytes, executable } = await made;
    expect(thrown(() => engine.write(x, new Int32Array(6)))).toMatch(
      /^DTypeError: write: 'x' holds float32, not int32/,
    );
    expect(thrown(() => engine.write(x, new Float32Array(7)))).toMatch(
      /^ShapeError: write: 7 values at element 0 do not fit/,
    );
    expect(thrown(() => engine.write(x, new Float32Array(2), 5))).toMatch(
      /^ShapeError: write: 2 values at element 5 do not/,
    );
    expect(thrown(() => engine.write(bytes, new Uint8Array(3)))).toMatch(/^ShapeError: .*write multiples of 4 bytes/);
    expect(thrown(() => executable.read('z'))).toMatch(
      /^StateError: read: there is no output 'z': the outputs are y, /,
    );
    expect([...(await engine.read(x))]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
