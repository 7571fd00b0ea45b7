/** Compiled chains in whole programs: compiled once, with the modules that they need, and errors if compilation is impossible. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Node } from '../../src/graph/node.ts';
import { tanh } from '../../src/ops/elementwise/activation.ts';
import { add, mul } from '../../src/ops/elementwise/arithmetic.ts';
import { variable } from '../../src/ops/define.ts';
import { rejection } from '../support/models.ts';

const engineOf = async (): Promise<Engine> => new Engine(await WasmBackend.create());
const vectorOf = (length: number): Node =>
  variable([length], { name: 'x', initialize: () => Float32Array.from({ length }, (_, index) => index) });

/** The exports of each module that is generated for a graph. */
async function modulesOf(engine: Engine, outputs: Record<string, Node>): Promise<string[][]> {
  const instantiate = vi.spyOn(WebAssembly, 'instantiate');
  const executable = await engine.compile({ outputs });
  executable.run();
  const modules = instantiate.mock.calls.map(([bytes]) => new WebAssembly.Module(bytes as unknown as BufferSource));
  instantiate.mockRestore();
  return modules.map((module) => WebAssembly.Module.exports(module).map(({ name }) => name));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the modules of a program', () => {
  it('hold each structure once, whatever its size and numbers', async () => {
    const engine = await engineOf();
    const chain = (length: number, factor: number): Node => add(mul(vectorOf(length), factor), factor + 1);
    expect(await modulesOf(engine, { a: chain(17, 2), b: chain(23, 3) })).toEqual([['chain0']]);
    expect(await modulesOf(engine, { a: chain(29, 4) })).toEqual([]);
  });

  it('are loaded when an op first needs them', async () => {
    const engine = await engineOf();
    const [functions, chain] = await modulesOf(engine, { a: tanh(vectorOf(17)) });
    expect(functions).toContain('tanh');
    expect(chain).toEqual(['chain0']);
    expect(await modulesOf(engine, { a: add(tanh(vectorOf(17)), 1) })).toEqual([['chain1']]);
  });

  it('are an error that says so where the engine refuses one', async () => {
    const engine = await engineOf();
    vi.spyOn(WebAssembly, 'instantiate').mockRejectedValue(new WebAssembly.CompileError('out of room for code'));
    expect(await rejection(engine.compile({ outputs: { y: mul(vectorOf(3), 2) } }))).toMatch(
      /^BackendError: wasm: the module of compiled chains does not compile: .*out of room for code/,
    );
  });
});
