/**
 * The page's side of a comparison: starts the libraries, checks their results, and times them in turn. The development
 * server bundles this file; each library is a separate bundle, loaded on demand.
 */
import {
  type Ceilings,
  floorMilliseconds,
  measureCeilings,
  recurrentWork,
  trainingWork,
} from '../ceilings/ceilings.ts';
import { type Milliseconds, scaled, spread } from '../measure.ts';
import { type BenchRecord, duration, type Measured, rate } from '../suite.ts';
import { alternate, asError, type Contender, type Effort, within } from './alternate.ts';
import type { Candidate, Start, StartOptions } from './candidate.ts';
import { checkLosses, checkProduct } from './check.ts';
import { type Failure, recordName } from './report.ts';
import {
  networkSizes,
  productTask,
  recurrentTask,
  sequence,
  stepsPerRound,
  subjectOf,
  type Task,
  trainingTask,
} from './tasks.ts';

/** A library's bundle, relative to the server's root. */
export interface Library {
  readonly name: string;
  readonly bundle: string;
}

export interface TaskRequest extends StartOptions {
  readonly task: Task;
  /** gradlet first: the others are held against it. */
  readonly libraries: readonly Library[];
  readonly quick: boolean;
}

export interface TaskReport {
  readonly records: readonly BenchRecord[];
  readonly failures: readonly Failure[];
}

declare global {
  interface Window {
    /** Put there by run-peers.ts: hears whose turn it is, in case the page does not survive it. */
    comparisonTurn?: (library: string) => Promise<void>;
  }
}

const patience = 180_000;
const fullEffort: Effort = { warmUp: 500, sample: 20, rounds: 25, atMost: 60_000, pause: 20, patience };
const quickEffort: Effort = { ...fullEffort, warmUp: 0, sample: 0, rounds: 2, pause: 0 };

/** Started libraries and failures: each library starts once per page. */
const started = new Map<string, Promise<Candidate>>();
const files = new Map<string, Set<string>>();
let ceilings: Promise<Ceilings> | undefined;

const turnOf = async (library: string): Promise<void> => window.comparisonTurn?.(library);

export function measureMachine({ backend, quick }: Pick<TaskRequest, 'backend' | 'quick'>): Promise<Ceilings> {
  return (ceilings ??= measureCeilings({ backend, quick }));
}

/** The URLs that each library has been loaded from so far. */
export function loadedFiles(_: object): Promise<Record<string, string[]>> {
  return Promise.resolve(Object.fromEntries([...files].map(([name, addresses]) => [name, [...addresses]])));
}

/** The backend description of the first library, which is gradlet if it started. */
export async function deviceOf({ libraries, ...options }: Omit<TaskRequest, 'task' | 'quick'>): Promise<string> {
  return (await startLibrary(libraries[0]!, options)).device ?? '';
}

export async function measureTask(request: TaskRequest): Promise<TaskReport> {
  const { task, libraries, backend, quick } = request;
  const prepare = task.kind === 'product' ? await products(task.size) : await trainings(task, quick);
  const failures: Failure[] = [];
  const fail = (library: string, error: unknown): void => {
    const { message } = asError(error);
    failures.push({ name: recordName({ subject: subjectOf(task), library, backend }), message });
  };

  const prepared: Prepared[] = [];
  for (const library of libraries) {
    await turnOf(library.name);
    try {
      const one = await within(
        patience,
        watchFiles(library.name, () => prepareOne(library, request, prepare)),
      );
      if (one !== null) prepared.push(one);
    } catch (error) {
      fail(library.name, error);
    }
  }

  const machine = await measureMachine(request);
  const records: BenchRecord[] = [];
  const outcome = await alternate(prepared, quick ? quickEffort : fullEffort, turnOf);
  for (const { name: library, threads, dispose } of prepared) {
    const samples = outcome.get(library)!;
    if (samples instanceof Error) fail(library, samples);
    else {
      const name = recordName({ subject: subjectOf(task), library, backend });
      const measured = describe(task, name, spread(samples), timesThreads(machine, threads));
      records.push({ suite: 'peers', ...measured, backend, threads });
    }
    try {
      dispose();
    } catch {
      // a library that failed may fail here again
    }
  }
  return { records, failures };
}

export interface FirstLossRequest extends StartOptions {
  readonly library: Library;
  readonly batch: number;
}

/** For a fresh page: milliseconds from the library's import until the loss of the first step is available. */
export async function firstLoss({ library, batch, ...options }: FirstLossRequest): Promise<number> {
  const task = await trainingTask(batch, 1);
  const start = performance.now();
  const { training } = await startLibrary(library, options);
  const loss = await (await training!(task)).round();
  const taken = performance.now() - start;
  if (!Number.isFinite(loss)) throw new Error(`the first loss is ${loss}`);
  return taken;
}

function startLibrary({ name, bundle }: Library, { backend, threads }: StartOptions): Promise<Candidate> {
  let candidate = started.get(name);
  if (candidate === undefined) {
    candidate = (import(bundle) as Promise<{ readonly start: Start }>).then(({ start }) =>
      start({ backend, ...(threads !== undefined && { threads }) }),
    );
    started.set(name, candidate);
  }
  return candidate;
}

interface Prepared extends Contender {
  readonly threads: number;
  dispose(): void;
}

/** Checks a library against the first one; null if it does not support the task. */
type Prepare = (candidate: Candidate) => Promise<Pick<Prepared, 'work' | 'dispose'> | null>;

async function prepareOne(library: Library, options: StartOptions, prepare: Prepare): Promise<Prepared | null> {
  const candidate = await startLibrary(library, options);
  const prepared = await prepare(candidate);
  return prepared && { name: library.name, threads: candidate.threads, ...prepared };
}

function products(size: number): Promise<Prepare> {
  const task = productTask(size);
  let expected: Float32Array | undefined;
  return Promise.resolve(async (candidate) => {
    const product = await candidate.product?.(task);
    if (product === undefined) return null;
    const result = await product.run();
    expected ??= Float32Array.from(result);
    checkProduct(result, expected);
    return { work: () => product.run(), dispose: () => product.dispose() };
  });
}

async function trainings({ kind, batch }: Task & { readonly kind: 'step' | 'lstm' }, quick: boolean): Promise<Prepare> {
  const steps = stepsPerRound[kind];
  const network = kind === 'step' ? await trainingTask(batch, steps) : null;
  const recurrent = kind === 'lstm' ? recurrentTask(batch, steps) : null;
  let expected: number[] | undefined;
  return async (candidate) => {
    const training = await (network ? candidate.training?.(network) : candidate.recurrentTraining?.(recurrent!));
    if (training === undefined) return null;
    const losses: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) losses.push(await training.round());
    expected ??= losses;
    checkLosses(losses, expected);
    return { work: () => training.round(), dispose: () => training.dispose() };
  };
}

function describe(task: Task, name: string, times: Milliseconds, machine: Ceilings): Measured {
  if (task.kind === 'product') {
    return rate(name, times, 'GFLOP/s', (2 * task.size ** 3) / times.median / 1e6, machine.gflops);
  }
  const step = scaled(times, 1 / stepsPerRound[task.kind]);
  const { length, features, units } = sequence;
  const work =
    task.kind === 'step'
      ? trainingWork(networkSizes, task.batch)
      : recurrentWork({ length, batch: task.batch, features, units, gates: 4, outputs: 1 });
  const floor = floorMilliseconds(work, machine);
  return duration(name, step, 'ms a step', step.median, floor);
}

const timesThreads = (one: Ceilings, threads: number): Ceilings => ({
  ...one,
  gflops: one.gflops * threads,
  cachedBandwidth: one.cachedBandwidth * threads,
});

/** Records the URLs that the page loads while `run` runs. */
async function watchFiles<T>(name: string, run: () => Promise<T>): Promise<T> {
  const loaded = (): string[] => performance.getEntriesByType('resource').map((entry) => entry.name);
  const before = new Set(loaded());
  try {
    return await run();
  } finally {
    const own = files.get(name) ?? new Set();
    loaded().forEach((address) => before.has(address) || own.add(address));
    files.set(name, own);
  }
}
