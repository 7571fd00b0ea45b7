/**
 * Square matrix products, float32, on the device: nothing is uploaded or read back between them.
 */
import { operationsOf, timeProduct } from '../products.ts';
import { rate, type Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'matmul',
  description: 'square matrix products from 64 to 1024',
  async *run({ engine, ceilings, quick }) {
    const sizes = quick ? [64] : engine.info.isSoftware ? [64, 128, 256, 512] : [64, 128, 256, 512, 1024];
    for (const size of sizes) {
      const product = { m: size, k: size, n: size };
      const times = await timeProduct(engine, product, quick);
      yield rate(`${size} × ${size}`, times, 'GFLOP/s', operationsOf(product) / times.median / 1e6, ceilings.gflops);
    }
  },
};
