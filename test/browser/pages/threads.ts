/** Page module: threads in a page. Called by ../threads.test.ts. */
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import type { WasmOptions } from '../../../src/backends/wasm/index.ts';
import { createEngine } from '../../../src/create-engine.ts';
import type { EngineOptions } from '../../../src/create-engine.ts';
import { Engine } from '../../../src/engine.ts';
import type { Executable } from '../../../src/engine.ts';
import type { Variable } from '../../../src/graph/node.ts';
import * as ops from '../../../src/ops/index.ts';
import { workerSource } from '../../../src/generated/wasm/worker.ts';
import { caseResults } from '../../support/run-cases.ts';

const all: WasmOptions = { threads: 2, worker: true, shareThreshold: 0 };

/** Ops whose bits differ between two threads and one. */
export async function differences(names: readonly string[]): Promise<string[]> {
  const [one, two] = [new Engine(await WasmBackend.create()), new Engine(await WasmBackend.create(all))];
  const differ: string[] = [];
  for (const name of names) {
    const [expected, given] = [await caseResults(one, name), await caseResults(two, name)];
    const bytes = ({ values }: (typeof given)[number]): string => new Uint8Array(values.buffer).join();
    if (expected.map(bytes).join('\n') !== given.map(bytes).join('\n')) differ.push(name);
  }
  two.dispose();
  return differ;
}

function filled(size: number): Variable {
  const initialize = (): Float32Array => Float32Array.from({ length: size * size }, (_, index) => Math.sin(index));
  return ops.variable([size, size], { initialize });
}

async function product(engine: Engine, size: number): Promise<Executable> {
  return engine.compile({ outputs: { y: ops.matmul(filled(size), filled(size)) } });
}

export interface Run {
  readonly isSame: boolean;
  readonly threads: number;
  readonly reason: string;
}

/** A product of 300 × 300 matrices with these options, compared with the calling thread. */
export async function run(options: EngineOptions): Promise<Run> {
  const values = async (engine: Engine): Promise<Run & { readonly text: string }> => {
    const executable = await product(engine, 300);
    executable.run(2);
    const text = (await executable.read('y')).join();
    const { threads, reason } = engine.info;
    engine.dispose();
    return { text, isSame: true, threads, reason };
  };
  const expected = await values(new Engine(await WasmBackend.create()));
  const { text, threads, reason } = await values(await createEngine({ backend: 'wasm', ...options }));
  return { isSame: text === expected.text, threads, reason };
}

/** The same in a page whose policy forbids workers. */
export async function runWithoutWorkers(): Promise<Run> {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "worker-src 'none'";
  document.head.append(policy);
  return run({ threads: 2 });
}

/** How often a timer fires while a worker is busy for a few hundred milliseconds. */
export async function ticksMeanwhile(): Promise<number> {
  const engine = await createEngine({ backend: 'wasm', worker: true });
  const executable = await product(engine, 512);
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 5);
  executable.run(40);
  await engine.finished();
  clearInterval(timer);
  engine.dispose();
  return ticks;
}

/** The error if a worker dies during a run, and the delay in ms. */
export async function death(): Promise<{ messages: string[]; milliseconds: number }> {
  const workers: Worker[] = [];
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: globalThis.WorkerOptions) {
      super(url, options);
      workers.push(this);
    }
  };
  const engine = new Engine(await WasmBackend.create(all));
  const executable = await product(engine, 512);
  executable.run(100_000);
  const messageOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;
  const finished = engine.finished().then(() => 'nothing', messageOf);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = performance.now();
  workers[1]!.terminate();
  const first = await finished;
  const milliseconds = performance.now() - before;
  const later = await engine.finished().then(() => 'nothing', messageOf);
  return { messages: [first, later], milliseconds };
}

/** Updates in a worker: whether the bits equal those of the main thread, and how often a timer fires meanwhile. */
export async function runFarAway(options: EngineOptions): Promise<Run & { readonly ticks: number }> {
  const train = async (engine: Engine): Promise<string> => {
    const w = filled(200);
    const next = ops.softmax(ops.matmul(w, w));
    const executable = await engine.compile({
      outputs: { sum: ops.sum(w) },
      updates: [[w, ops.add(next, filled(200))]],
    });
    executable.run(300);
    const values = await engine.read(w);
    return `${values.join()} ${(await executable.read('sum')).join()}`;
  };
  const expected = await train(new Engine(await WasmBackend.create()));
  const engine = await createEngine({ backend: 'wasm', worker: true, ...options });
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  const given = await train(engine);
  clearInterval(timer);
  const { threads, reason } = engine.info;
  engine.dispose();
  return { isSame: given === expected, threads, reason, ticks };
}

/** The worker script as a data URL, as bundlers create for small files. */
function inlined(kind: 'blob' | 'data'): string {
  if (kind === 'data') return `data:text/javascript,${encodeURIComponent(workerSource)}`;
  return URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
}

/** The same with the script inlined. */
export function runInlined({ kind, ...options }: EngineOptions & { readonly kind: 'blob' | 'data' }): Promise<Run> {
  return runFarAway({ ...options, workerUrl: inlined(kind) });
}

/** The error if a worker with separate memory dies during a run. */
export async function farDeath(): Promise<string[]> {
  const workers: Worker[] = [];
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: globalThis.WorkerOptions) {
      super(url, options);
      workers.push(this);
    }
  };
  const engine = new Engine(await WasmBackend.create({ worker: true }));
  const executable = await product(engine, 512);
  executable.run(100_000);
  const messageOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;
  const waiting = [engine.finished(), executable.read('y')].map((promise) => promise.then(() => 'nothing', messageOf));
  await new Promise((resolve) => setTimeout(resolve, 200));
  workers[0]!.terminate();
  return [...(await Promise.all(waiting)), await engine.finished().then(() => 'nothing', messageOf)];
}

/** The error in a page whose policy forbids WebAssembly. */
export async function runWithoutWasm(): Promise<{ readonly message: string; readonly cause: string }> {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "script-src 'self'";
  document.head.append(policy);
  try {
    await createEngine({ backend: 'wasm' });
    return { message: 'nothing', cause: '' };
  } catch (error) {
    const { message, cause } = error as Error;
    return { message, cause: (cause as Error).name };
  }
}
