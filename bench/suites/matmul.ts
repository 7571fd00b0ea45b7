/**
 * Square matrix products, float32, on the device: nothing is uploaded or read back between them.
 */
import { operationsOf, timeProduct, workOf } from '../products.ts';
import { rate, type Setting, settingOf, type Suite } from '../suite.ts';

const sizesOf = ({ quick, isSoftware }: Setting): number[] =>
  quick ? [64] : [64, 128, 256, 512, ...(isSoftware ? [] : [1024])];

const caseName = (size: number): string => `${size} × ${size}`;

export const suite: Suite = {
  name: 'matmul',
  description: 'square matrix products from 64 to 1024',
  cases: (setting) => sizesOf(setting).map(caseName),
  async *run(context) {
    const { engine, ceilings, quick } = context;
    for (const size of sizesOf(settingOf(context))) {
      const product = { m: size, k: size, n: size };
      const times = await timeProduct(engine, product, quick);
      const reached = operationsOf(product) / times.median / 1e6;
      yield { ...rate(caseName(size), times, 'GFLOP/s', reached, ceilings.gflops), work: workOf(product) };
    }
  },
};
