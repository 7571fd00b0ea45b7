/** Page module: tuning on the page's own GPU, with choices in IndexedDB. Called by ../tune.test.ts. */
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { uniform } from '../../../src/core/random.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import { Engine } from '../../../src/engine.ts';
import type { Graph, Variable } from '../../../src/graph/node.ts';
import { relu } from '../../../src/ops/elementwise/activation.ts';
import { add } from '../../../src/ops/elementwise/arithmetic.ts';
import { matmul } from '../../../src/ops/product/matmul.ts';
import { variable } from '../../../src/ops/define.ts';
import { indexedDBStore } from '../../../src/tune/indexed-db-store.ts';
import { tuningFormat } from '../../../src/tune/store.ts';
import { loadTuning, tune } from '../../../src/tune/tune.ts';
import type { Tuning } from '../../../src/tune/tune.ts';

function filled(shape: number[], stream: number): Variable {
  return variable(shape, { initialize: () => uniform([5, 0], sizeOf(shape), stream, -1, 1) });
}

/** Two products to tune, one with an epilogue and a transposed operand. */
function network(): Pick<Graph, 'outputs'> {
  const hidden = relu(add(matmul(filled([30, 70], 0), filled([40, 70], 1), { transposeB: true }), filled([40], 2)));
  return { outputs: { y: matmul(hidden, filled([40, 9], 3)) } };
}

async function output(engine: Engine, { outputs }: Pick<Graph, 'outputs'>): Promise<number[]> {
  const executable = await engine.compile({ outputs });
  executable.run();
  return [...(await executable.read('y'))];
}

function mostDifference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((most, value, index) => {
    const error = Math.abs(value - b[index]!);
    return error <= most ? most : error; // preserves NaN
  }, 0);
}

export interface Outcome {
  readonly tuning: Tuning;
  /** Bytes of variables and programs that tuning did not free. */
  readonly left: readonly number[];
  /** The error against float64 before tuning, with each kernel that supports all steps on this device, and after tuning. */
  readonly errors: Readonly<Record<string, number>>;
  readonly kernelsBefore: readonly string[];
  readonly kernelsAfter: readonly string[];
}

async function kernelsOf(engine: Engine, graph: Pick<Graph, 'outputs'>): Promise<string[]> {
  return (await engine.compile(graph)).program.steps.map(({ kernel }) => kernel);
}

export async function choose(): Promise<Outcome> {
  const engine = new Engine(await WebGPUBackend.create());
  const graph = network();
  const want = await output(new Engine(new ReferenceBackend()), graph);
  const errors: Record<string, number> = { before: mostDifference(await output(engine, graph), want) };
  const kernelsBefore = await kernelsOf(engine, graph);
  const { stateBytes, arenaBytes } = engine.info;
  const tuning = await tune(engine, graph);
  const left = [engine.info.stateBytes - stateBytes, engine.info.arenaBytes - arenaBytes];
  const choices = { ...engine.kernels };
  for (const { name } of matmul.op.kernels.webgpu) {
    for (const key of Object.keys(choices)) engine.kernels[key] = name;
    const isTaken = (await kernelsOf(engine, graph)).every((kernel) => kernel === name);
    if (isTaken) errors[name] = mostDifference(await output(engine, graph), want);
  }
  Object.assign(engine.kernels, choices);
  errors['after'] = mostDifference(await output(engine, graph), want);
  const kernelsAfter = await kernelsOf(engine, graph);
  engine.dispose();
  return { tuning, left, errors, kernelsBefore, kernelsAfter };
}

/** The kernels that a new engine in another page uses after the first one chose `kernels`. */
export async function takeUp(): Promise<{ count: number; reason: string; kernels: string[]; measured: number }> {
  const engine = new Engine(await WebGPUBackend.create());
  const { count, reason } = await loadTuning(engine);
  const kernels = await kernelsOf(engine, network());
  const { trials } = await tune(engine, network());
  engine.dispose();
  return { count, reason, kernels, measured: Object.keys(trials).length };
}

/** Stores a choice that timing would not make, so that a later match proves that it came from the store. */
export async function store(names: readonly string[]): Promise<void> {
  const engine = new Engine(await WebGPUBackend.create());
  const { description } = engine.info;
  const { kernels } = (await indexedDBStore().read(description)) as { kernels: Record<string, string> };
  const changed = Object.fromEntries(Object.keys(kernels).map((key, index) => [key, names[index]!]));
  await indexedDBStore().write(description, { format: tuningFormat, adapter: description, kernels: changed });
  engine.dispose();
}

/** Writes `value` into the database of a store, which the store itself would refuse. */
async function writeUnchecked(name: string, adapter: string, value: unknown): Promise<void> {
  await indexedDBStore(name).read(adapter); // creates the database
  await new Promise<void>((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(opening.error!);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('kernels', 'readwrite');
      transaction.objectStore('kernels').put(value, adapter);
      transaction.onabort = () => reject(transaction.error!);
      transaction.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}

/** Tuning with a foreign database, and with one that contains invalid data. */
export async function damaged(): Promise<{ foreign: string; kernels: number; count: number; reason: string }> {
  const name = 'gradlet-test-foreign';
  await new Promise<void>((resolve, reject) => {
    const opening = indexedDB.open(name, 7);
    opening.onsuccess = () => {
      opening.result.close();
      resolve();
    };
    opening.onerror = () => reject(opening.error!);
  });
  const engine = new Engine(await WebGPUBackend.create());
  const { reason: foreign, kernels } = await tune(engine, network(), { store: indexedDBStore(name) });
  const other = new Engine(await WebGPUBackend.create());
  await writeUnchecked('gradlet-test', other.info.description, 'nonsense');
  const { count, reason } = await loadTuning(other, indexedDBStore('gradlet-test'));
  engine.dispose();
  other.dispose();
  return { foreign, kernels: Object.keys(kernels).length, count, reason };
}
