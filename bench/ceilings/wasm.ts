/**
 * What WebAssembly can do at best on this machine, on one thread or on several at once: multiply-adds, copies, reads, calls,
 * and a word handed from thread to thread.
 *
 * It is the tenth percentile of the times that counts, not the median: other work on the machine does not lower a ceiling.
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

/** Takes one sample of a rate, of some milliseconds. */
export type Sampler = () => Promise<number>;

/** For a sampler of multiply-adds, in GFLOP/s. */
export function withMultiplyAdds<T>(options: CeilingOptions, use: (sampler: Sampler) => Promise<T>): Promise<T> {
  return withCrew(options, (crew) => {
    const turns = options.quick ? 100_000 : 2_000_000; // a third of a millisecond at least: the clock of a page is coarse
    return use(rateOf(() => crew.multiplyAdd(turns), (crew.threads * turns * operationsPerTurn) / 1e6));
  });
}

/** For a sampler of copies within `bytes` bytes, half of them to the other half: GB/s, read and written. */
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

/** For a sampler of reading `bytes` bytes, at most 64 MiB: GB/s. */
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

/** `amount` for each millisecond that `work` takes. What ran before has emptied the caches, which `warmUp` fills. */
function rateOf(work: () => Promise<void>, amount: number, warmUp?: () => Promise<void>): Sampler {
  return async () => {
    await warmUp?.();
    const start = performance.now();
    await work();
    return amount / (performance.now() - start);
  };
}

/** Runs `use` with the threads, which are dismissed afterwards. */
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

/** With several threads a sample is long enough for the messages to them not to count. */
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
  // several small ones: a page's clock tells no less than 5 µs, and several threads hear of each sample by a message
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

/** Nanoseconds in which a cache line goes once round all threads, each of which looks for it all the time. */
export function roundNanoseconds(options: CeilingOptions): Promise<number> {
  return withCrew(options, async (crew, measuring) => {
    const rounds = 20_000;
    const { p10 } = await measure(() => crew.handOver(rounds * crew.threads), { ...measuring, samples: 5 });
    return (p10 * 1e6) / rounds;
  });
}
