/**
 * Starts what a suite measures: an engine on the backend, the threads and the binary that were asked for.
 */
import { createEngine, type Engine, WasmBackend } from '../src/index.ts';
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

export async function startEngine({ backend, ...options }: EngineRequest): Promise<Engine> {
  return createEngine({ backend: backend === 'wasm' ? await WasmBackend.create(options) : backend });
}

/** What a ceiling has to do without or with, where a binary was asked for. */
export const instructionsOf = ({ binary }: EngineRequest): { readonly relaxed?: boolean } =>
  binary === undefined ? {} : { relaxed: binary === 'relaxed-simd' };
