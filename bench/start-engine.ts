/** Starts the engine of a suite with the requested backend, threads and binary. */
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
  if (gpu === undefined) return createEngine({ backend }); // which reports what is missing
  const timed = withTimestamps(gpu);
  const engine = await createEngine({ backend, gpu: timed.gpu });
  if (timed.timer !== null) timers.set(engine, timed.timer);
  return engine;
}

/** The GPU clock of `engine`; undefined if there is none or it does not support timestamps. */
export const timerOf = (engine: Engine): GpuTimer | undefined => timers.get(engine);

/** The instruction set option of a ceiling; without a requested binary the ceiling decides. */
export const instructionsOf = ({ binary }: EngineRequest): { readonly relaxed?: boolean } =>
  binary === undefined ? {} : { relaxed: binary === 'relaxed-simd' };
