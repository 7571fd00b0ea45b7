/**
 * Threads that run the ceiling kernels: the calling thread, or several workers in parallel. The rate of several threads
 * is measured, not extrapolated: cores share memory, caches and often arithmetic units.
 */
import { type CeilingModule, ceilingModule, compileCeilings, half, megabytes } from './module.ts';
import { hire, type Member } from './worker.ts';

export interface Crew {
  readonly threads: number;
  /** Each `task` is done by every thread; the promise resolves when all are done. */
  multiplyAdd(turns: number): Promise<void>;
  /** At most 64 MiB, by each thread, `turns` times: a message to a worker takes longer than a small copy. */
  copy(bytes: number, turns: number): Promise<void>;
  read(bytes: number): Promise<void>;
  /** Gives one cache line round from thread to thread `turns` times. For several threads only. */
  handOver(turns: number): Promise<void>;
  dispose(): void;
}

export async function startCrew(threads: number, relaxed: boolean): Promise<Crew> {
  if (threads > 1) return WorkerCrew.start(threads, relaxed);
  return callingThread(await ceilingModule(relaxed, megabytes));
}

function callingThread(module: CeilingModule): Crew {
  return {
    threads: 1,
    multiplyAdd: (turns) => Promise.resolve(void module.multiply_add(turns)),
    async copy(bytes, turns) {
      for (let turn = 0; turn < turns; turn++) module.copy(half, 0, bytes);
    },
    read: (bytes) => Promise.resolve(void module.read(0, bytes)),
    handOver: () => Promise.reject(new Error('handOver: one thread has nobody to give to')),
    dispose: () => undefined,
  };
}

class WorkerCrew implements Crew {
  readonly threads: number;
  private readonly members: readonly Member[];

  static async start(threads: number, relaxed: boolean): Promise<WorkerCrew> {
    const crew = new WorkerCrew(threads);
    await crew.all('start', await compileCeilings(relaxed, megabytes));
    return crew;
  }

  private constructor(threads: number) {
    this.threads = threads;
    this.members = Array.from({ length: threads }, hire);
  }

  multiplyAdd(turns: number): Promise<void> {
    return this.all('multiplyAdd', turns);
  }

  copy(bytes: number, turns: number): Promise<void> {
    return this.all('copy', { bytes, turns });
  }

  read(bytes: number): Promise<void> {
    return this.all('read', bytes);
  }

  handOver(turns: number): Promise<void> {
    const cell = new Int32Array(new SharedArrayBuffer(64));
    return this.each('handOver', (thread) => ({ cell, turns, thread, threads: this.threads }));
  }

  dispose(): void {
    for (const member of this.members) member.terminate();
  }

  private all(task: string, argument: unknown): Promise<void> {
    return this.each(task, () => argument);
  }

  private async each(task: string, argumentOf: (thread: number) => unknown): Promise<void> {
    await Promise.all(
      this.members.map((member, thread) => {
        return new Promise<void>((resolve, reject) => {
          member.onDone = resolve;
          member.onError = reject;
          member.post([task, argumentOf(thread)]);
        });
      }),
    );
  }
}
