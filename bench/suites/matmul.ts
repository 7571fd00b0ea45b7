/**
 * Square matrix products, float32, on the device: nothing is uploaded or read back between them.
 */
import { matmul, parameter } from '../../src/index.ts';
import { measure, repeatsFor, scaled } from '../measure.ts';
import { type Context, type Measured, rate, type Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'matmul',
  description: 'square matrix products from 64 to 1024',
  async *run(context) {
    const sizes = context.quick
      ? [64]
      : context.engine.info.isSoftware
        ? [64, 128, 256, 512]
        : [64, 128, 256, 512, 1024];
    for (const size of sizes) yield await product(context, size);
  },
};

async function product({ engine, ceilings, quick }: Context, size: number): Promise<Measured> {
  const a = parameter([size, size], { seed: 1 });
  const b = parameter([size, size], { seed: 2 });
  const executable = await engine.compile({ outputs: { product: matmul(a, b) } });
  try {
    const run = async (repeats: number): Promise<void> => {
      executable.run(repeats);
      await engine.finished();
    };
    const repeats = quick ? 1 : await repeatsFor(run);
    const times = await measure(() => run(repeats), quick ? { warmUp: 1, samples: 3, milliseconds: 0 } : {});
    const each = scaled(times, 1 / repeats);
    return rate(`${size} × ${size}`, each, 'GFLOP/s', (2 * size ** 3) / each.median / 1e6, ceilings.gflops);
  } finally {
    executable.dispose();
    engine.release([a, b]);
  }
}
