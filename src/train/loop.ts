/**
 * Runs a program's steps in chunks. A chunk is as long as the event loop may wait, or on a GPU, where a run only queues
 * its work, as the device may; at most two chunks are queued, so that the device never idles and the queue never grows.
 */
import type { Engine, Executable } from '../engine.ts';
import { chunkMilliseconds, yieldToEventLoop } from '../core/event-loop.ts';

/** The first chunks are small: nothing is known yet, and a GPU prepares its pipelines. */
const growth = 4;

/**
 * A chunk on WebGPU. The device's time is not the page's, so it may be long, if shorter than the 100 ms after which a screen
 * or a watchdog would wait for the device. Steps are encoded by the page: so many take it less than a millisecond.
 */
const gpuChunk = { milliseconds: 60, steps: 64 } as const;

/** How fast steps are; kept over the epochs of one run. */
export class Pace {
  readonly #limits: { readonly milliseconds: number; readonly steps: number };
  #millisecondsPerStep = 0;
  #last = 0.25;

  constructor(engine?: Engine) {
    const isGpu = engine?.info.name === 'webgpu';
    this.#limits = isGpu ? gpuChunk : { milliseconds: chunkMilliseconds(), steps: Infinity };
  }

  /** Steps of the next chunk, at most `remaining`. */
  next(remaining: number): number {
    const { milliseconds, steps } = this.#limits;
    const target = this.#millisecondsPerStep > 0 ? milliseconds / this.#millisecondsPerStep : 1;
    return Math.min(remaining, steps, Math.max(1, Math.floor(Math.min(target, this.#last * growth))));
  }

  /** Learns from a chunk that took `milliseconds`. */
  record(steps: number, milliseconds: number): void {
    const measured = Math.max(milliseconds, 1e-3) / steps;
    const known = this.#millisecondsPerStep;
    this.#millisecondsPerStep = known === 0 ? measured : 0.5 * known + 0.5 * measured;
    this.#last = steps;
  }
}

/** A number of steps of one executable. */
export interface StepRun {
  readonly executable: Executable;
  readonly steps: number;
}

export interface RunOptions {
  readonly engine: Engine;
  /** What to run, in this order. */
  readonly parts: readonly StepRun[];
  readonly pace: Pace;
  /** Runs a chunk when it may run: at once, or later, which the promise tells. Default: at once. */
  readonly turn?: (runChunk: () => void) => Promise<void> | undefined;
  /** Called after each chunk with the steps done so far; false ends the run. */
  readonly onChunk?: (done: number, steps: number) => boolean | Promise<boolean>;
}

/** Runs all steps, or until `onChunk` ends it; resolves with how many when all of them are done. */
export async function runSteps({ engine, parts, pace, turn, onChunk }: RunOptions): Promise<number> {
  // Each entry is a part with the number of steps at which it ends.
  const ends = parts.map((part, index) => ({
    ...part,
    isFirst: index === 0,
    end: parts.slice(0, index + 1).reduce((sum, { steps }) => sum + steps, 0),
  }));
  const steps = ends.at(-1)?.end ?? 0;
  const queued: Promise<void>[] = [];
  let finishedAt = performance.now();
  let done = 0;
  try {
    while (done < steps) {
      const { executable, end, isFirst } = ends.find((part) => done < part.end)!;
      const chunk = pace.next(end - done);
      let startedAt = 0;
      const runChunk = (): void => {
        startedAt = performance.now();
        executable.run(chunk);
      };
      if (turn) await turn(runChunk);
      else runChunk();
      done += chunk;
      const finished = engine.finished().then(() => {
        const now = performance.now();
        // The single step of a short last batch says little about the others.
        if (isFirst) pace.record(chunk, now - Math.max(startedAt, finishedAt));
        finishedAt = now;
      });
      finished.catch(() => undefined); // awaited below: until then nobody has looked at it
      queued.push(finished);
      if (queued.length === 2) await queued.shift();
      await yieldToEventLoop();
      if ((await onChunk?.(done, chunk)) === false) break;
    }
  } finally {
    await Promise.allSettled(queued);
  }
  await Promise.all(queued);
  return done;
}
