/**
 * Tuning: which kernel is the fastest on this very device for the products of a program. Between the engine, which compiles and
 * runs a little program for each candidate, and the stores, where choices wait for the next page. A program that does not
 * import this carries none of it.
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

/** Kernels that are tried for one step. */
const mostCandidates = 12;

export interface TuneOptions {
  /** Where choices are kept: by default IndexedDB in pages, a file in Node. Null: in the engine only. */
  readonly store?: TuningStore | null;
  /** Whether to measure also what is known already. */
  readonly again?: boolean;
  /** Milliseconds from anywhere, growing: `performance.now()`. */
  readonly now?: () => number;
}

export interface Tuning {
  /** The kernels of the steps that had a choice, by the step: `matmul 32x784 784x128 … `. */
  readonly kernels: Readonly<Record<string, string>>;
  /** What was measured for it now, by the step; nothing where all was known. */
  readonly trials: Readonly<Record<string, Trial>>;
  /** Why there was nothing to choose, or why choices could not be kept or found again; empty when all went well. */
  readonly reason: string;
}

/**
 * Measures the kernels that there are for each product of a graph, and lets the engine take the fastest from now on, in
 * everything that it compiles. For each product that is not known yet it takes the time to compile its kernels, which is seconds
 * on a software adapter, and a few hundred milliseconds to time them, on data of its own; let nothing else run meanwhile. The
 * results of a product may differ in their last digits from kernel to kernel.
 *
 *     const engine = await createEngine({ backend: 'webgpu' });
 *     const model = sequential(layers, { engine });
 *     await model.fit(images, labels, { epochs: 1 });
 *     await tune(engine); // the next fit takes what is the fastest here
 *
 * Only WebGPU has a choice: elsewhere it resolves at once.
 *
 * @param graph by default every program that the engine has compiled lately
 * @throws BackendError when the device fails. A store that fails is told in `reason`.
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
      const known = kernelsOf(await store.read(description), description); // another page may have written meanwhile
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
 * Lets an engine take the kernels that `tune` chose on this adapter earlier, in another page or process. Call it before
 * anything is compiled. It never rejects.
 *
 * @returns how many choices there were, and why they could not be read, where they could not
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

/** The steps of which there are several kernels, one for each key. */
function choicesOf(programs: readonly Program[]): Map<string, Choice> {
  const choices = new Map<string, Choice>();
  for (const { steps, buffers } of programs) {
    for (const step of steps.filter(hasChoice)) {
      const inputs = step.inputs.map((index) => buffers[index]!.type);
      // Of whole numbers, such as the rows of a table, the time depends on the values.
      if (inputs.some(({ dtype }) => dtype !== 'float32')) continue;
      const attributes = step.attributes as Attributes;
      choices.set(kernelKey(step.op.name, inputs, attributes), { op: step.op, attributes, inputs });
    }
  }
  return choices;
}

/** A step without elements has no kernel. */
function hasChoice({ op, kernel, outputs }: ProgramStep): boolean {
  return kernel !== '' && outputs.length === 1 && op.kernels.webgpu.length > 1;
}

/** Times each kernel on the same operands, as a program of its own. */
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
      if (candidates.size === mostCandidates) break;
      const candidate = name === base ? null : await compile({ [op.name]: name }).catch(refused);
      if (candidate === null) continue;
      if (kernelOf(candidate) === name) candidates.set(name, candidate);
      else candidate.dispose(); // this device lacks what it requires
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

/** A kernel that this device does not build is no candidate. */
function refused(error: unknown): null {
  if (error instanceof BackendError) return null;
  throw error;
}

/** Numbers between −1 and 1, the same few over and over: enough to keep a processor from taking short cuts. */
function noise(count: number, stream: number): Float32Array {
  const some = uniform([1, 0], 4096, stream, -1, 1);
  return Float32Array.from({ length: count }, (_, index) => some[index & 4095]!);
}
