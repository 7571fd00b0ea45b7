/** Threads in a page: there with isolation, absent without and said so; the page's own thread stays free. */
import { expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/threads.ts')>('test/browser/pages/threads.ts');

it('two threads in an isolated page give the losses of one, and the page stays alive', async () => {
  const alone = await page('train', {});
  const shared = await page('train', { threads: 2 });
  expect(alone.info.threads).toBe(1);
  expect(shared.info).toMatchObject({ threads: 2, reason: 'asked for' });
  expect(shared.losses).toEqual(alone.losses);
  expect(shared.longTasks).toEqual([]);
});

it('a worker of its own takes a single thread off the page', async () => {
  const { info, longTasks, losses } = await page('train', { worker: true });
  expect(info.threads).toBe(1);
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(longTasks).toEqual([]);
});

it('without isolation one thread does the work, and info tells why', async () => {
  const { info, losses } = await page('train', { threads: 2 }, { isolated: false });
  expect(info.threads).toBe(1);
  expect(info.reason).toMatch(/asked for; one thread: threads need a cross-origin isolated page: serve it with/);
  expect(losses.every(Number.isFinite)).toBe(true);
});
