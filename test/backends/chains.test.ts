/** Compiled chains in whole programs: what the interpreter computes too, and compiled once. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Node } from '../../src/graph/node.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { exp } from '../../src/ops/math.ts';
import { variable } from '../../src/ops/op.ts';
import { adam } from '../../src/optim/adam.ts';
import { increment } from '../../src/ops/counter.ts';
import { caseResults, opNames } from '../support/run-cases.ts';

const compiled = new Engine(await WasmBackend.create());
const interpreted = new Engine(await WasmBackend.create({ interpretChains: true }));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('every op', () => {
  it.each(opNames)('%s has the same bits compiled and interpreted', async (name) => {
    const bits = async (engine: Engine): Promise<unknown[]> =>
      (await caseResults(engine, name)).map(({ opCase, values }) => [
        opCase.name,
        [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)].join(),
      ]);
    expect(await bits(compiled)).toEqual(await bits(interpreted));
  });
});

describe('a program', () => {
  const vectorOf = (length: number): Node =>
    variable([length], { name: 'x', initialize: () => Float32Array.from({ length }, (_, index) => index) });

  /** How many functions are compiled for the graph; it computes what the interpreter does. */
  async function compileCount(outputs: () => Record<string, Node>): Promise<number> {
    const compile = vi.spyOn(WebAssembly, 'compile');
    const executable = await compiled.compile({ outputs: outputs() });
    executable.run();
    const reference = await interpreted.compile({ outputs: outputs() });
    reference.run();
    for (const name of Object.keys(outputs())) {
      expect(await executable.read(name)).toEqual(await reference.read(name));
    }
    const modules = compile.mock.calls.map(([bytes]) => new WebAssembly.Module(bytes));
    compile.mockRestore();
    return modules.flatMap((module) => WebAssembly.Module.exports(module)).length;
  }

  it('compiles each structure once, whatever its size and numbers', async () => {
    const chain = (length: number, factor: number): Node => add(mul(vectorOf(length), factor), factor + 1);
    expect(await compileCount(() => ({ a: chain(17, 2), b: chain(23, 3) }))).toBe(1);
    expect(await compileCount(() => ({ a: chain(29, 4) }))).toBe(0);
  });

  it('leaves what cannot be compiled to the interpreter', async () => {
    expect(await compileCount(() => ({ a: add(exp(vectorOf(17)), 1) }))).toBe(0);
  });

  it('updates variables in place', async () => {
    const train = async (engine: Engine): Promise<unknown[]> => {
      const random = (seed: number) => (_: unknown, index: number) => Math.sin(index * 7 + seed);
      const make = (name: string, seed: number) =>
        variable([9, 13], {
          name,
          role: 'parameter',
          initialize: () => Float32Array.from({ length: 117 }, random(seed)),
        });
      const [weights, gradient] = [make('weights', 1), make('gradient', 2)];
      const iterations = variable([], { name: 'iterations', dtype: 'int32' });
      const optimizer = adam();
      const updates = optimizer.updates([weights], [gradient], iterations);
      const executable = await engine.compile({ updates: [...updates, [iterations, increment(iterations)]] });
      executable.run(5);
      return Promise.all([weights, ...optimizer.slots()].map((each) => engine.read(each)));
    };
    expect(await train(compiled)).toEqual(await train(interpreted));
  });

  it('runs where compiling fails', async () => {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError('out of room for code'));
    const engine = new Engine(await WasmBackend.create());
    const executable = await engine.compile({ outputs: { y: mul(vectorOf(3), 2) } });
    executable.run();
    expect([...(await executable.read('y'))]).toEqual([0, 2, 4]);
  });
});
