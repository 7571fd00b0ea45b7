/**
 * Yields to the event loop between chunks of steps, so that a page stays responsive. It uses a message, which queues behind
 * other tasks of the page but avoids the 4 ms minimum of nested timers. `scheduler.yield` would resume before the page's timers.
 */

/** Resolves in a later task, after tasks that are already queued. */
export function yieldToEventLoop(): Promise<void> {
  const { setImmediate } = globalThis as { readonly setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) {
      setImmediate(() => resolve());
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Maximum milliseconds of work on the host before yielding: 10 in a page, to stay responsive, 100 elsewhere. */
export function chunkMilliseconds(): number {
  return typeof document === 'undefined' ? 100 : 10;
}
