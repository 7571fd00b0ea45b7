/** The interface of examples. They run the same in Node and in a page, so inputs and outputs are plain data. */
import { type Callback, createEngine, type BackendInfo, type Engine } from '../../src/index.ts';
import { progressCallback } from './progress-callback.ts';
import type { Logs, ProgressEvent } from './progress.ts';

/** Inputs of an example's program. */
export interface Setup<Data> {
  readonly data: Data;
  readonly engine: Engine;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Tell the terminal how the training goes. */
  readonly callbacks: readonly Callback[];
  /** Puts a line there, for programs that do without callbacks. */
  readonly print: (text: string) => void;
}

/** Results of an example's program. */
export interface Outcome {
  /** A list for each thing measured, one value an epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Measured on the samples to test with: loss and accuracy. */
  readonly test: Logs;
  /** The trained model in the safetensors format, where the program has one. */
  readonly model?: Uint8Array;
}

/** How much of the data to load; all by default. Each example defines what the numbers count. */
export interface Wanted {
  readonly trainCount?: number;
  readonly testCount?: number;
  /** For examples that read a file which another has written. */
  readonly file?: string;
}

interface Description {
  readonly name: string;
  readonly summary: string;
  /** What it learns from, for the picture. */
  readonly source: string;
  readonly defaults: { readonly epochs: number; readonly batchSize: number } & Wanted;
  /** With --small. */
  readonly small: { readonly epochs: number } & Wanted;
  readonly picture: { readonly title: string; readonly metrics: readonly string[] };
}

export interface ExampleOf<Data> extends Description {
  readonly load: (wanted: Wanted) => Promise<Data>;
  readonly program: (setup: Setup<Data>) => Promise<Outcome>;
}

/** An example with any type of data. */
export interface Example extends Description {
  /** Loads the data; what comes back runs the program on them. */
  readonly prepare: (wanted: Wanted) => Promise<(setup: Omit<Setup<never>, 'data'>) => Promise<Outcome>>;
}

export function defineExample<Data>({ load, program, ...description }: ExampleOf<Data>): Example {
  return {
    ...description,
    prepare: async (wanted) => {
      const data = await load(wanted);
      return (setup) => program({ ...setup, data });
    },
  };
}

export interface Settings {
  readonly example: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly small: boolean;
  /** Overrides the numbers of samples. */
  readonly trainCount?: number;
  readonly testCount?: number;
  /** Overrides the file that the example reads. */
  readonly file?: string;
  readonly backend?: 'wasm' | 'webgpu';
}

export interface Result {
  readonly settings: Settings;
  readonly engine: BackendInfo;
  readonly history: Outcome['history'];
  readonly test: Logs;
  /** Of the program: training and evaluating, without loading the data and starting the engine. */
  readonly seconds: number;
}

export interface Run {
  readonly result: Result;
  readonly model: Uint8Array | undefined;
}

/** Loads the data, starts an engine and runs the program; `emit` receives progress events. */
export async function runExample(
  example: Example,
  settings: Settings,
  emit: (event: ProgressEvent) => void,
): Promise<Run> {
  const { epochs, batchSize, seed, small, backend } = settings;
  const trainCount = settings.trainCount ?? (small ? example.small : example.defaults).trainCount;
  const testCount = settings.testCount ?? (small ? example.small : example.defaults).testCount;
  const file = settings.file ?? example.defaults.file;
  const program = await example.prepare({
    ...(trainCount !== undefined && { trainCount }),
    ...(testCount !== undefined && { testCount }),
    ...(file !== undefined && { file }),
  });
  const engine = await createEngine({
    ...(backend !== undefined && { backend }),
    onCompile: ({ done, total }) => emit({ kind: 'compile', done, total }),
  });
  try {
    const print = (text: string): void => emit({ kind: 'line', text });
    print(describeEngine(engine.info));
    const callbacks = [progressCallback(epochs, emit)];
    const start = performance.now();
    const { history, test, model } = await program({ engine, epochs, batchSize, seed, callbacks, print });
    const seconds = (performance.now() - start) / 1000;
    return { result: { settings, engine: { ...engine.info }, history, test, seconds }, model };
  } finally {
    engine.dispose();
  }
}

function describeEngine({ name, description, threads, reason }: BackendInfo): string {
  const count = name !== 'wasm' ? '' : threads === 1 ? 'one thread' : `${threads} threads`;
  return `${name}: ${[description, count, reason].filter((part) => part !== '').join('; ')}`;
}
