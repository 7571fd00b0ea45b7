/** Page module: op cases on WebGPU with the kernels for an unknown adapter. Called by ../op-cases.test.ts. */
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Engine } from '../../../src/engine.ts';
import { runCases } from '../../support/run-cases.ts';
import type { Part } from '../../support/run-cases.ts';

export interface Request {
  readonly ops: readonly string[];
  readonly part?: Part;
}

/** The problems by op; ops without problems are absent. */
export async function runOps({ ops, part }: Request): Promise<Record<string, string[]>> {
  const backend = await WebGPUBackend.create();
  Object.defineProperty(backend, 'traits', { value: undefined });
  const engine = new Engine(backend);
  const problems: Record<string, string[]> = {};
  for (const name of ops) {
    const found = await runCases(engine, name, 'webgpu', part);
    if (found.length > 0) problems[name] = found;
  }
  engine.dispose();
  return problems;
}
