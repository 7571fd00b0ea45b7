/**
 * What WebAssembly can do at best on this machine, on one thread or on several at once: multiply-adds, copies, reads, calls,
 * and a word handed from thread to thread.
 *
 * It is the tenth percentile of the times that counts, not the median: other work on the machine does not lower a ceiling.
 */
import { type Crew, startCrew } from './ceiling-crew.ts';
import { ceilingModule, hasRelaxedSimd, operationsPerTurn } from './ceiling-module.ts';
import type { CeilingOptions, Ceilings } from './ceilings.ts';
import { measure, type MeasureOptions } from './measure.ts';

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

/** Gigabytes a second, read and written, of copies within `bytes` bytes, half of them to the other half. */
export function copyBandwidth(bytes: number, options: CeilingOptions): Promise<number> {
  return withCrew(options, (crew, measuring) => copyRate(crew, bytes, measuring));
}

/** Gigabytes a second of reading `bytes` bytes, at most 64 MiB. */
export function readBandwidth(bytes: number, options: CeilingOptions): Promise<number> {
  return withCrew(options, async (crew, measuring) => {
    const each = Math.ceil(bytes / crew.threads / 64) * 64;
    const { p10 } = await measure(() => crew.read(each), measuring);
    return (crew.threads * each) / p10 / 1e6;
  });
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
  const each = Math.ceil(bytes / 2 / crew.threads);
  // several small ones: a page's clock tells no less than 5 µs, and several threads hear of each sample by a message
  const turns = Math.ceil((32 * mebibyte) / each);
  const { p10 } = await measure(() => crew.copy(each, turns), options);
  return (2 * turns * crew.threads * each) / p10 / 1e6;
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
