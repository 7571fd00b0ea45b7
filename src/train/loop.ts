/**
 * Runs the steps of a program in chunks. On a CPU, the chunk length is bounded by how long the event loop may be blocked. On a
 * GPU, a run only queues work, so it is bounded by how long the device may be busy. At most two chunks are queued, so that
 * the device never idles and the queue never grows.
 */
import type { Engine, Executable } from '../engine.ts';
import { chunkMilliseconds, yieldToEventLoop } from '../core/event-loop.ts';

/**
 * Maximum ratio of consecutive chunk lengths. The first chunks are small, because the time of a step is unknown and a GPU still
 * prepares its pipelines.
 */
const growth = 4;

/**
 * Limits of a chunk on WebGPU. Device time does not block the page, so a chunk may be long, but must stay below the 100 ms at
 * which the display or a watchdog would notice. The page encodes the steps: 64 take less than a millisecond.
 */
const gpuChunk = { milliseconds: 60, steps: 64 } as const;

/** Chooses chunk lengths from the measured time per step. One instance serves all epochs of a run. */
export class ChunkSizer {
  readonly #limits: { readonly milliseconds: number; readonly steps: number };
  #millisecondsPerStep = 0;
  #last = 0.25;

  constructor(engine?: Engine) {
    const isGpu = engine?.info.name === 'webgpu';
    this.#limits = isGpu ? gpuChunk : { milliseconds: chunkMilliseconds(), steps: Infinity };
  }

  /** Number of steps of the next chunk, at most `remaining`. */
  next(remaining: number): number {
    const { milliseconds, steps } = this.#limits;
    const target = this.#millisecondsPerStep > 0 ? milliseconds / this.#millisecondsPerStep : 1;
    return Math.min(remaining, steps, Math.max(1, Math.floor(Math.min(target, this.#last * growth))));
  }

  /** Records that a chunk of `steps` steps took `milliseconds`. */
  record(steps: number, milliseconds: number): void {
    const measured = Math.max(milliseconds, 1e-3) / steps;
    const known = this.#millisecondsPerStep;
    this.#millisecondsPerStep = known === 0 ? measured : 0.5 * known + 0.5 * measured;
    this.#last = steps;
  }
}

/** An executable and the number of steps to run it. */
export interface StepRun {
  readonly executable: Executable;
  readonly steps: number;
}

export interface RunOptions {
  readonly engine: Engine;
  /** Executables in the order in which they run. */
  readonly parts: readonly StepRun[];
  readonly sizer: ChunkSizer;
  /** Calls `runChunk` immediately and returns undefined, or calls it later and returns a promise. Default: immediately. */
  readonly schedule?: (runChunk: () => void) => Promise<void> | undefined;
  /** Called after each chunk with the total steps so far and the steps of the chunk. Returning false ends the run. */
  readonly onChunk?: (done: number, steps: number) => boolean | Promise<boolean>;
}

/** Runs all steps, or fewer if `onChunk` returns false. Resolves with the number of steps once the device has finished them. */
export async function runSteps({ engine, parts, sizer, schedule, onChunk }: RunOptions): Promise<number> {
  // `end` is the total number of steps after which the part is complete.
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
      const chunk = sizer.next(end - done);
      let startedAt = 0;
      const runChunk = (): void => {
        startedAt = performance.now();
        executable.run(chunk);
      };
      if (schedule) await schedule(runChunk);
      else runChunk();
      done += chunk;
      const finished = engine.finished().then(() => {
        const now = performance.now();
        // Only the first part has full batches: the time of a short last batch is not representative.
        if (isFirst) sizer.record(chunk, now - Math.max(startedAt, finishedAt));
        finishedAt = now;
      });
      finished.catch(() => undefined); // prevents an unhandled rejection: the promise is awaited below
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
