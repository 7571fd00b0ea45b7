/** Threads in a page: the same bits as one thread, the reason if threads are unavailable, and an error if a worker dies. */
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
    const workerUrl = '/src/backends/wasm/threads/worker.ts';
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

describe('in a page that is not isolated', () => {
  it('a worker with memory of its own gives the same bits and leaves the page alive', async () => {
    const { ticks, ...run } = await page('runFarAway', {}, { isolated: false });
    expect(run).toEqual({ isSame: true, threads: 1, reason: 'asked for' });
    expect(ticks).toBeGreaterThan(5);
  });

  it('it may come from an address', async () => {
    const workerUrl = '/src/backends/wasm/threads/worker.ts';
    const { ticks, ...run } = await page('runFarAway', { workerUrl }, { isolated: false });
    expect(run).toEqual({ isSame: true, threads: 1, reason: 'asked for' });
    expect(ticks).toBeGreaterThan(5);
  });

  it('its death is an error', async () => {
    for (const message of await page('farDeath', undefined, { isolated: false })) {
      expect(message).toMatch(/^BackendError: wasm: the worker failed: it has ended/);
    }
  });

  it('where it may not start the page’s thread does the work', async () => {
    const options = { isolated: false, expectedErrors: /404/ };
    const { isSame, reason } = await page('runFarAway', { workerUrl: '/nowhere.js' }, options);
    expect(isSame).toBe(true);
    expect(reason).toMatch(/on the calling thread, for the worker did not start/);
  });
});

describe('a worker that a bundler has inlined', () => {
  it.each([
    ['data', true],
    ['data', false],
    ['blob', true],
    ['blob', false],
  ] as const)('as %s:, where pages are isolated: %s', async (kind, isolated) => {
    const { isSame, threads, reason } = await page('runInlined', { kind, threads: 2 }, { isolated });
    expect({ isSame, threads }).toEqual({ isSame: true, threads: isolated ? 2 : 1 });
    expect(reason).toMatch(
      isolated ? /^asked for(; one thread for now.*)?$/ : /^asked for; one thread: threads need [^;]*$/,
    );
  });
});

it('a policy without wasm-unsafe-eval is named', async () => {
  const { message, cause } = await page('runWithoutWasm', undefined, { expectedErrors: /Content Security Policy/ });
  expect(message).toMatch(/^wasm: the module 'core' does not compile: .*'wasm-unsafe-eval'/);
  expect(cause).toBe('CompileError');
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
