/**
 * Tuning measures which kernel is the fastest on the current device for the matrix products of a program, and similar ops. It
 * compiles and runs a small program for each candidate and persists the choices in a store. It is tree-shakeable: programs that
 * do not import it do not contain it.
 */
import { anything, boolean, callable, checkArguments, either, having, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { compileGraph } from '../compiler/compile.ts';
import { kernelKey } from '../compiler/passes/7-select-kernels.ts';
import type { Program, ProgramStep } from '../compiler/program.ts';
import { BackendError } from '../core/errors.ts';
import { uniform } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine, Executable } from '../engine.ts';
import { createNode } from '../graph/node.ts';
import type { Graph } from '../graph/node.ts';
import type { Attributes, Op, StructuredOp, TensorType } from '../graph/op.ts';
import { variable } from '../ops/define.ts';
import { fastest } from './fastest.ts';
import type { Trial } from './fastest.ts';
import { defaultStore, kernelsOf, tuningRecord } from './store.ts';
import type { TuningStore } from './store.ts';

/** Maximum number of kernels to measure for one step. */
const maxCandidates = 12;

export interface TuneOptions {
  /** Where to persist the choices. Default: IndexedDB in pages, a file in Node. null: nowhere; only the engine has them. */
  readonly store?: TuningStore | null;
  /** Whether to measure steps again that already have a choice. Default false. */
  readonly again?: boolean;
  /** Returns monotonic milliseconds with an arbitrary origin. Default `performance.now`. */
  readonly now?: () => number;
}

/** Result of `tune`. */
export interface Tuning {
  /** The selected kernels of steps with several candidates, by step key: `matmul 32x784 784x128 …`. */
  readonly kernels: Readonly<Record<string, string>>;
  /** The measurements of this call by step key; empty if all choices were known. */
  readonly trials: Readonly<Record<string, Trial>>;
  /** Why there was nothing to choose, or why the store could not be read or written. Empty on success. */
  readonly reason: string;
}

/**
 * Measures the kernels that exist for each matrix product (or similar op) of a graph. Later compilations of the engine use the
 * fastest ones. Each product without a known choice takes the time to compile its kernels, which is seconds on a software
 * adapter, plus a few hundred milliseconds to time them on generated data. Run nothing else on the device meanwhile. Different
 * kernels may give results that differ in the last digits.
 *
 * Only WebGPU has several kernels per op. On other backends it resolves immediately.
 *
 * @param graph default: all programs that the engine has compiled recently
 * @throws BackendError if the device fails. A failure of the store does not throw and is reported in `reason`.
 * @example
 * const engine = await createEngine({ backend: 'webgpu' });
 * const model = sequential(layers, { engine });
 * await model.fit(images, labels, { epochs: 1 });
 * await tune(engine); // the next fit uses the fastest kernels
 */
export async function tune(engine: Engine, graph?: Partial<Graph>, chosen: TuneOptions = {}): Promise<Tuning> {
  checkArguments('tune', arguments, {
    engine: required(engineLike),
    graph: options({ outputs: anything, updates: anything }),
    options: options({ store: either(storeLike, nothing), again: boolean, now: callable }),
  });
  const { store = defaultStore(), again = false, now = () => performance.now() } = chosen;
  const { name, description } = engine.info;
  if (name !== 'webgpu') {
    return { kernels: {}, trials: {}, reason: `${name} has one kernel for each operation: there is nothing to choose` };
  }
  const programs = graph ? [compileGraph({ outputs: {}, updates: [], ...graph }, name).program] : engine.programs;
  let { reason } = store ? await loadTuning(engine, store) : { reason: '' };
  const trials: Record<string, Trial> = {};
  const choices = choicesOf(programs);
  for (const [key, choice] of choices) {
    if (!again && key in engine.kernels) continue;
    trials[key] = await measure(engine, choice, now);
    engine.kernels[key] = trials[key].name;
  }
  if (store && Object.keys(trials).length > 0 && reason === '') {
    reason = await reasonOf('written', async () => {
      const known = kernelsOf(await store.read(description), description); // another page may have written in the meantime
      await store.write(description, tuningRecord(description, { ...known, ...engine.kernels }));
    });
  }
  return {
    kernels: Object.fromEntries([...choices.keys()].map((key) => [key, engine.kernels[key]!])),
    trials,
    reason,
  };
}

/**
 * Loads the kernels that `tune` selected earlier on this adapter, in another page or process. Call it before compiling anything.
 * It never rejects because of the store.
 *
 * @param store default: IndexedDB in pages, a file in Node
 * @returns the number of loaded choices, and the reason if the store could not be read, else an empty string
 * @throws ValueError for invalid arguments
 * @example
 * const engine = await createEngine({ backend: 'webgpu' });
 * const { count } = await loadTuning(engine);
 */
export async function loadTuning(
  engine: Engine,
  store: TuningStore = defaultStore(),
): Promise<{ readonly count: number; readonly reason: string }> {
  checkArguments('loadTuning', arguments, { engine: required(engineLike), store: storeLike });
  const { name, description } = engine.info;
  let found: Record<string, string> = {};
  const reason = await reasonOf('read', async () => {
    if (name === 'webgpu') found = kernelsOf(await store.read(description), description);
  });
  Object.assign(engine.kernels, { ...found, ...engine.kernels });
  return { count: Object.keys(found).length, reason };
}

const engineLike = having('an engine, such as await createEngine() returns', 'compile', 'finished');
const storeLike = having('a store, such as memoryStore()', 'read', 'write');
const nothing: ArgumentType = { expected: 'null', accepts: (value) => value === null };

async function reasonOf(what: string, work: () => Promise<void>): Promise<string> {
  try {
    await work();
    return '';
  } catch (error) {
    return `choices could not be ${what}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface Choice {
  readonly op: StructuredOp;
  readonly attributes: Attributes;
  readonly inputs: readonly TensorType[];
}

/** Returns the steps that have several kernels, one for each step key. */
function choicesOf(programs: readonly Program[]): Map<string, Choice> {
  const choices = new Map<string, Choice>();
  for (const { steps, buffers } of programs) {
    for (const step of steps.filter(hasChoice)) {
      const inputs = step.inputs.map((index) => buffers[index]!.type);
      // With integer operands, such as row indices of a lookup, the time depends on the values.
      if (inputs.some(({ dtype }) => dtype !== 'float32')) continue;
      const attributes = step.attributes as Attributes;
      choices.set(kernelKey(step.op.name, inputs, attributes), { op: step.op, attributes, inputs });
    }
  }
  return choices;
}

/** Whether a step has several candidate kernels. A step without elements has an empty kernel name. */
function hasChoice({ op, kernel, outputs }: ProgramStep): boolean {
  return kernel !== '' && outputs.length === 1 && op.kernels.webgpu.length > 1;
}

/** Times each kernel as a separate program on the same operands. */
async function measure(engine: Engine, { op, attributes, inputs }: Choice, now: () => number): Promise<Trial> {
  const operands = inputs.map(({ shape }, index) => variable(shape, { initialize: () => noise(sizeOf(shape), index) }));
  const outputs = { y: createNode(op as Op, operands, attributes) };
  const compile = (kernels: Record<string, string>): Promise<Executable> => engine.compile({ outputs }, { kernels });
  const kernelOf = ({ program }: Executable): string => program.steps.find((step) => step.op.name === op.name)!.kernel;
  const candidates = new Map<string, Executable>();
  try {
    const first = await compile({});
    const base = kernelOf(first);
    candidates.set(base, first);
    for (const { name } of op.kernels.webgpu) {
      if (candidates.size === maxCandidates) break;
      const candidate = name === base ? null : await compile({ [op.name]: name }).catch(excludeUnsupported);
      if (candidate === null) continue;
      if (kernelOf(candidate) === name) candidates.set(name, candidate);
      else candidate.dispose(); // the device lacks a feature that the kernel requires
    }
    if (candidates.size === 1) return { name: base, milliseconds: {} };
    await engine.finished();
    return await fastest([...candidates.keys()], base, async (name, runs) => {
      const start = now();
      candidates.get(name)!.run(runs);
      await engine.finished();
      return now() - start;
    });
  } finally {
    for (const candidate of candidates.values()) candidate.dispose();
    engine.release(operands);
  }
}

/** Excludes a kernel that fails to build on this device. Rethrows other errors. */
function excludeUnsupported(error: unknown): null {
  if (error instanceof BackendError) return null;
  throw error;
}

/** Repeats 4096 random numbers in [−1, 1). Random values prevent a device from being faster on special values such as zero. */
function noise(count: number, stream: number): Float32Array {
  const some = uniform([1, 0], 4096, stream, -1, 1);
  return Float32Array.from({ length: count }, (_, index) => some[index & 4095]!);
}
