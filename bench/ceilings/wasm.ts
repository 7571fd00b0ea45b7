/**
 * WebAssembly's maximum rates on this machine, on one or several threads: multiply-adds, copies, reads, calls, and
 * passing a word from thread to thread.
 *
 * Uses the tenth percentile of the times instead of the median: other load on the machine does not lower a ceiling.
 */
import { type Crew, startCrew } from './crew.ts';
import { ceilingModule, hasRelaxedSimd, operationsPerTurn } from './module.ts';
import type { CeilingOptions, Ceilings } from './ceilings.ts';
import { measure, type MeasureOptions } from '../measure.ts';

const mebibyte = 2 ** 20;

export function wasmCeilings(options: CeilingOptions): Promise<Ceilings> {
  return withCrew(options, machine);
}

async function machine(crew: Crew, options: MeasureOptions, relaxed: boolean): Promise<Ceilings> {
  const kind = relaxed ? 'fused multiply-adds (relaxed SIMD)' : 'separate multiplies and adds (plain SIMD)';
  const count = crew.threads === 1 ? 'one thread' : `${crew.threads} threads at once`;
  return {
    gflops: await multiplyRate(crew, options),
    cachedBandwidth: await copyRate(crew, crew.threads * 4 * mebibyte, options),
    memoryBandwidth: await copyRate(crew, 128 * mebibyte, options),
    method: `WebAssembly, 12 independent accumulators of 4 lanes, ${kind}; memory.copy of 2 and 64 MiB; ${count}`,
  };
}

/** Takes one sample of a rate, which lasts some milliseconds. */
export type Sampler = () => Promise<number>;

/** Uses a sampler of multiply-adds, in GFLOP/s. */
export function withMultiplyAdds<T>(options: CeilingOptions, use: (sampler: Sampler) => Promise<T>): Promise<T> {
  return withCrew(options, (crew) => {
    const turns = options.quick ? 100_000 : 2_000_000; // at least a third of a millisecond: a page's clock is coarse
    return use(rateOf(() => crew.multiplyAdd(turns), (crew.threads * turns * operationsPerTurn) / 1e6));
  });
}

/** Uses a sampler of copies within `bytes` bytes, from one half to the other: GB/s, read and written. */
export function withCopies<T>(
  bytes: number,
  options: CeilingOptions,
  use: (sampler: Sampler) => Promise<T>,
): Promise<T> {
  return withCrew(options, (crew) => {
    const { each, work, amount } = copies(crew, bytes);
    return use(rateOf(work, amount, () => crew.copy(each, 1)));
  });
}

/** Uses a sampler of reading `bytes` bytes, at most 64 MiB: GB/s. */
export function withReads<T>(
  bytes: number,
  options: CeilingOptions,
  use: (sampler: Sampler) => Promise<T>,
): Promise<T> {
  return withCrew(options, (crew) => {
    const each = Math.ceil(bytes / crew.threads / 64) * 64;
    const turns = Math.ceil((32 * mebibyte) / each);
    const work = async (): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) await crew.read(each);
    };
    return use(rateOf(work, (crew.threads * turns * each) / 1e6, () => crew.read(each)));
  });
}

/** `amount` per millisecond of `work`. Earlier work has evicted the caches, which `warmUp` fills. */
function rateOf(work: () => Promise<void>, amount: number, warmUp?: () => Promise<void>): Sampler {
  return async () => {
    await warmUp?.();
    const start = performance.now();
    await work();
    return amount / (performance.now() - start);
  };
}

/** Runs `use` with the threads, which are terminated afterwards. */
async function withCrew<T>(
  { threads = 1, relaxed = hasRelaxedSimd(), quick = false }: CeilingOptions,
  use: (crew: Crew, options: MeasureOptions, relaxed: boolean) => Promise<T>,
): Promise<T> {
  const crew = await startCrew(threads, relaxed);
  try {
    return await use(crew, { samples: quick ? 3 : 50, milliseconds: quick ? 0 : 200 }, relaxed);
  } finally {
    crew.dispose();
  }
}

/** With several threads, a sample is long enough to make the messages to them negligible. */
async function multiplyRate(crew: Crew, options: MeasureOptions): Promise<number> {
  const turns = crew.threads === 1 ? 100_000 : 2_000_000;
  const { p10 } = await measure(() => crew.multiplyAdd(turns), options);
  return (crew.threads * turns * operationsPerTurn) / p10 / 1e6;
}

async function copyRate(crew: Crew, bytes: number, options: MeasureOptions): Promise<number> {
  const { work, amount } = copies(crew, bytes);
  const { p10 } = await measure(work, options);
  return amount / p10;
}

interface Copies {
  /** Bytes by each thread and turn. */
  readonly each: number;
  work(): Promise<void>;
  /** 10⁶ bytes that `work` reads and writes. */
  readonly amount: number;
}

function copies(crew: Crew, bytes: number): Copies {
  const each = Math.ceil(bytes / 2 / crew.threads);
  // several small ones: a page's clock has a resolution of 5 µs at best, and several threads receive each sample by a
  // message
  const turns = Math.ceil((32 * mebibyte) / each);
  return { each, work: () => crew.copy(each, turns), amount: (2 * turns * crew.threads * each) / 1e6 };
}

/** Nanoseconds of an indirect call of an empty function. */
export async function callNanoseconds(quick: boolean): Promise<number> {
  const module = await ceilingModule(false, 1);
  const calls = 1_000_000;
  const { p10 } = await measure(() => module.calls(calls), { samples: quick ? 3 : 30, milliseconds: 0 });
  return (p10 * 1e6) / calls;
}

/** Nanoseconds for a cache line to pass through all threads once, each of which polls continuously. */
export function roundNanoseconds(options: CeilingOptions): Promise<number> {
  return withCrew(options, async (crew, measuring) => {
    const rounds = 20_000;
    const { p10 } = await measure(() => crew.handOver(rounds * crew.threads), { ...measuring, samples: 5 });
    return (p10 * 1e6) / rounds;
  });
}
