/**
 * Work for a GPU with gigabytes of memory: a product of 4096 × 4096, compared with multiply-adds, and, compared with a
 * copy, Adam over a hundred million parameters, softmax and layer normalization over 64 million floats.
 */
import { productRate } from '../products.ts';
import type { Suite } from '../suite.ts';
import { chainNamed, chainRate } from './elementwise.ts';

const cases = [
  { name: 'adam', rows: 97_657 },
  { name: 'softmax', rows: 65_536 },
  { name: 'layer normalization', rows: 65_536 },
] as const;

export const suite: Suite = {
  name: 'large',
  description:
    'a product of 4096 × 4096, Adam over 100 million parameters, softmax and layer norm over 64 million floats',
  async *run(context) {
    const size = context.quick ? 64 : 4096;
    yield await productRate(context, `${size} × ${size}`, { m: size, k: size, n: size });
    for (const { name, rows } of cases) {
      yield await chainRate(context, name, chainNamed(name), context.quick ? [10, 100] : [rows, 1024]);
    }
  },
};
