/**
 * Giving control back between chunks of steps, so that a page stays alive: by a message, which waits for its turn among
 * all that the page has to do, but not for the 4 ms that a browser makes of nested timers. `scheduler.yield` would go on
 * before the page's own timers.
 */

/** Resolves when the event loop has had its turn. */
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

/** Milliseconds of the host's work between two turns of the event loop: short where a person waits for the page. */
export function chunkMilliseconds(): number {
  return typeof document === 'undefined' ? 100 : 10;
}
