/**
 * The page stays responsive: while a model whose step takes about 200 ms trains in workers, no main-thread task is longer than
 * 50 ms. Without workers each step is a separate task, so that the page can respond in between.
 *
 * The browser measures wall-clock time, so other processes can make a task longer: hence the retries.
 */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';

const page = browserModule<typeof import('./pages/long-tasks.ts')>('test/browser/pages/long-tasks.ts');

/** Shorter steps would prove nothing. */
const leastStep = 60;

describe('a model with long steps', () => {
  it.each([
    ['two threads', { threads: 2 }, 2],
    ['one worker', { worker: true }, 1],
  ])('trains in %s without a long task', { retry: 2 }, async (_, options, threads) => {
    const training = await page('train', options);
    expect(training).toMatchObject({ threads, longTasks: [] });
    expect(training.millisecondsPerStep).toBeGreaterThan(leastStep);
  });

  it.each([
    ['on the calling thread', {}],
    ['on two threads that it cannot have', { threads: 2 }],
  ])('gives the page its turn after each step, %s', async (_, options) => {
    const training = await page('train', options, { isolated: false });
    expect(training.threads).toBe(1);
    expect(training.millisecondsPerStep).toBeGreaterThan(leastStep);
    expect(training.longTasks.length).toBeGreaterThanOrEqual(training.steps - 1);
  });
});
