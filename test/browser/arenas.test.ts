/** Parameters that share a WebGPU buffer are trained to the same bits as with separate buffers. */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/arenas.ts')>('test/browser/pages/arenas.ts');

describe.each(['adamw', 'nesterov'])('%s', (optimizer) => {
  it('gives the same bits with updates merged and apart, and gives all memory back', async () => {
    const [apart, shared] = [
      await page('train', { optimizer, memory: 'apart' }),
      await page('train', { optimizer, memory: 'shared' }),
    ];
    expect(apart.numbers.every(Number.isFinite)).toBe(true);
    expect(shared.numbers).toEqual(apart.numbers);
    expect(Math.max(...shared.steps)).toBeLessThan(Math.max(...apart.steps));
    expect([apart.bytesLeft, shared.bytesLeft]).toEqual([0, 0]);
  });

  it('neither reads what lies between parameters nor writes behind them', async () => {
    const shared = await page('train', { optimizer, memory: 'shared' });
    const guarded = await page('train', { optimizer, memory: 'guarded' });
    expect(guarded.numbers).toEqual(shared.numbers);
    expect(guarded.violations).toEqual([]);
  });
});
