/** Square float32 matrix products on the device, without uploads or readbacks between them. */
import { productRate } from '../products.ts';
import { type Setting, settingOf, type Suite } from '../suite.ts';

const sizesOf = ({ backend, quick, isSoftware }: Setting): number[] => {
  if (quick) return [64];
  return [64, 128, 256, 512, ...(isSoftware ? [] : [1024]), ...(backend === 'wasm' || isSoftware ? [] : [2048])];
};

const caseName = (size: number): string => `${size} × ${size}`;

export const suite: Suite = {
  name: 'matmul',
  description: 'square matrix products from 64 to 1024, on a GPU to 2048',
  cases: (setting) => sizesOf(setting).map(caseName),
  async *run(context) {
    for (const size of sizesOf(settingOf(context))) {
      yield await productRate(context, caseName(size), { m: size, k: size, n: size });
    }
  },
};
