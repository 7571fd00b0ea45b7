/** Page module: the op cases on the backends that a page has. */
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Engine } from '../../../src/engine.ts';
import { runCases } from '../../support/run-cases.ts';

export interface Request {
  readonly backend: 'webgpu' | 'relaxed-simd';
  readonly ops: readonly string[];
}

/** What is wrong, by op; ops without problems are left out. */
export async function runOps({ backend, ops }: Request): Promise<Record<string, string[]>> {
  const isGpu = backend === 'webgpu';
  const engine = new Engine(isGpu ? await WebGPUBackend.create() : await WasmBackend.create({ binary: backend }));
  const problems: Record<string, string[]> = {};
  for (const name of ops) {
    const found = await runCases(engine, name, isGpu ? 'webgpu' : 'wasm');
    if (found.length > 0) problems[name] = found;
  }
  const { stateBytes, arenaBytes } = engine.info;
  if (stateBytes + arenaBytes !== 0) problems['memory'] = [`${stateBytes} + ${arenaBytes} bytes were not given back`];
  engine.dispose();
  return problems;
}
