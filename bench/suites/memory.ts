/**
 * Memory bandwidth: copies of blocks from sizes that fit every cache to sizes that fit none. It is a ceiling for other
 * suites and has none itself.
 */
import { startCrew } from '../ceilings/crew.ts';
import { hasRelaxedSimd } from '../ceilings/module.ts';
import { type Execution, timeOne } from '../executions.ts';
import { gpuCopy } from '../ceilings/gpu-copy.ts';
import { type Context, rate, type Setting, settingOf, type Suite } from '../suite.ts';

const kibibyte = 1024;

/** In KiB, per thread. */
function blocksOf({ backend, isSoftware, quick }: Setting): number[] {
  if (quick) return [64];
  if (backend === 'wasm') return [64, 1024, 65_536];
  return isSoftware ? [1024, 16_384] : [1024, 16_384, 131_072];
}

const caseName = (block: number): string => `copy of ${block < kibibyte ? `${block} KiB` : `${block / kibibyte} MiB`}`;

export const suite: Suite = {
  name: 'memory',
  description: 'copies of 64 KiB to 128 MiB, in bytes read and written a second',
  cases: (setting) => blocksOf(setting).map(caseName),
  async *run(context) {
    for (const block of blocksOf(settingOf(context))) {
      const copying = await copyOf(block * kibibyte, context);
      try {
        const times = await timeOne(copying, context.quick);
        const bytes = 2 * block * kibibyte * context.engine.info.threads;
        yield rate(caseName(block), times, 'GB/s', bytes / times.median / 1e6, null);
      } finally {
        copying.dispose();
      }
    }
  },
};

async function copyOf(bytes: number, { backend, engine }: Context): Promise<Execution> {
  if (backend === 'webgpu') return gpuCopy(bytes);
  const crew = await startCrew(engine.info.threads, hasRelaxedSimd());
  return {
    run: (repeats) => crew.copy(bytes, repeats),
    dispose: () => crew.dispose(),
  };
}
