/** Page module: the op cases on the backends that a page has. */
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Engine } from '../../../src/engine.ts';
import { runCases } from '../../support/run-cases.ts';
import type { Part } from '../../support/run-cases.ts';

export interface Request {
  /** `any-gpu`: WebGPU with the kernels that it would have on an adapter of which nothing is known. */
  readonly backend: 'webgpu' | 'any-gpu' | 'relaxed-simd';
  readonly ops: readonly string[];
  readonly part?: Part;
}

/** What is wrong, by op; ops without problems are left out. */
export async function runOps({ backend, ops, part }: Request): Promise<Record<string, string[]>> {
  const isGpu = backend !== 'relaxed-simd';
  const started = isGpu ? await WebGPUBackend.create() : await WasmBackend.create({ binary: backend });
  if (backend === 'any-gpu') Object.defineProperty(started, 'traits', { value: undefined });
  const engine = new Engine(started);
  const problems: Record<string, string[]> = {};
  for (const name of ops) {
    const found = await runCases(engine, name, isGpu ? 'webgpu' : 'wasm', part);
    if (found.length > 0) problems[name] = found;
  }
  const { stateBytes, arenaBytes } = engine.info;
  if (stateBytes + arenaBytes !== 0) problems['memory'] = [`${stateBytes} + ${arenaBytes} bytes were not given back`];
  engine.dispose();
  return problems;
}
