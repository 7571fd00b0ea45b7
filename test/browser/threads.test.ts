/** Threads in a page: the same bits as one thread, a reason where there are none, and an error when a worker dies. */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { opNames } from '../support/run-cases.ts';

const page = browserModule<typeof import('./pages/threads.ts')>('test/browser/pages/threads.ts');

describe('in an isolated page', () => {
  it('two threads give the same bits as one, for every op', async () => {
    expect(await page('differences', opNames)).toEqual([]);
  });

  it('two threads give the same bits as one, for a large product', async () => {
    expect(await page('run', { threads: 2 })).toEqual({ isSame: true, threads: 2, reason: 'asked for' });
  });

  it('the worker may come from an address', async () => {
    const workerUrl = '/src/backends/wasm/worker.ts';
    expect(await page('run', { threads: 2, workerUrl })).toEqual({ isSame: true, threads: 2, reason: 'asked for' });
  });

  it('a worker leaves the page alive', async () => {
    expect(await page('ticksMeanwhile')).toBeGreaterThan(10);
  });

  it('the death of a worker is an error', async () => {
    const { messages, milliseconds } = await page('death');
    for (const message of messages) {
      expect(message).toMatch(/^BackendError: wasm: the worker threads failed: thread 1 of 2: it has ended/);
    }
    expect(milliseconds).toBeLessThan(8000);
  });
});

describe('one thread does the work, and the reason is told', () => {
  it('in a page that is not isolated', async () => {
    const { isSame, threads, reason } = await page('run', { threads: 2 }, { isolated: false });
    expect({ isSame, threads }).toEqual({ isSame: true, threads: 1 });
    expect(reason).toMatch(
      /^asked for; one thread: threads need a cross-origin isolated page: serve it with Cross-Origin/,
    );
  });

  it('in a page whose policy allows no workers', async () => {
    const options = { expectedErrors: /Content Security Policy/ };
    const { isSame, threads, reason } = await page('runWithoutWorkers', undefined, options);
    expect({ isSame, threads }).toEqual({ isSame: true, threads: 1 });
    expect(reason).toMatch(/one thread, for the workers did not start: .*worker-src/);
  });

  it('where the worker’s address is wrong', async () => {
    const options = { expectedErrors: /404/ };
    const { isSame, threads, reason } = await page('run', { threads: 2, workerUrl: '/nowhere.js' }, options);
    expect({ isSame, threads }).toEqual({ isSame: true, threads: 1 });
    expect(reason).toMatch(/one thread, for the workers did not start/);
  });
});
