/**
 * Starts what a suite measures: an engine on the backend, the threads and the binary that were asked for.
 */
import { createEngine, type Engine, WasmBackend } from '../src/index.ts';
import { type GpuTimer, withTimestamps } from './gpu-timer.ts';
import type { BackendName } from './suite.ts';

export const binaries = ['simd', 'relaxed-simd'] as const;
export type Binary = (typeof binaries)[number];

export interface EngineRequest {
  readonly backend: BackendName;
  /** The most threads to use; by default what the engine takes. */
  readonly threads?: number;
  /** Of the wasm backend; by default the faster one that this engine can run. */
  readonly binary?: Binary;
}

const timers = new WeakMap<Engine, GpuTimer>();

export async function startEngine({ backend, ...options }: EngineRequest): Promise<Engine> {
  if (backend === 'wasm') return createEngine({ backend: await WasmBackend.create(options) });
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined) return createEngine({ backend }); // which says what is missing
  const timed = withTimestamps(gpu);
  const engine = await createEngine({ backend, gpu: timed.gpu });
  if (timed.timer !== null) timers.set(engine, timed.timer);
  return engine;
}

/** The clock of the GPU that `engine` runs on; undefined where there is none, or it does not tell. */
export const timerOf = (engine: Engine): GpuTimer | undefined => timers.get(engine);

/** What a ceiling has to do without or with, where a binary was asked for. */
export const instructionsOf = ({ binary }: EngineRequest): { readonly relaxed?: boolean } =>
  binary === undefined ? {} : { relaxed: binary === 'relaxed-simd' };
