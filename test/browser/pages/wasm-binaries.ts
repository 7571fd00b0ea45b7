/**
 * Page module: loads both binaries of every wasm module, with unshared and with shared memory.
 */
import { Kernels } from '../../../src/backends/wasm/module.ts';
import { functionsDoubleWasm } from '../../../src/generated/wasm/functions-double.ts';
import { functionsWasm } from '../../../src/generated/wasm/functions.ts';
import { indexingWasm } from '../../../src/generated/wasm/indexing.ts';
import { normalizationWasm } from '../../../src/generated/wasm/normalization.ts';
import { randomWasm } from '../../../src/generated/wasm/random.ts';
import { threadsWasm } from '../../../src/generated/wasm/threads.ts';
import { trainingWasm } from '../../../src/generated/wasm/training.ts';

const sources = [
  functionsWasm,
  functionsDoubleWasm,
  indexingWasm,
  normalizationWasm,
  randomWasm,
  threadsWasm,
  trainingWasm,
];

export async function instantiateBinaries(): Promise<string[]> {
  const done: string[] = [];
  for (const binary of ['simd', 'relaxed-simd'] as const) {
    for (const isShared of [false, true]) {
      const kernels = await Kernels.load(binary, isShared);
      for (const source of sources) await kernels.need(source);
      done.push(`${binary} ${isShared ? 'shared' : 'alone'}: ${kernels.modules.length} modules`);
    }
  }
  return done;
}
