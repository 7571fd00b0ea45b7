/** The interface of a suite: a module that runs in Node and in pages, and yields one record per measurement. */
import type { Engine } from '../src/index.ts';
import type { Ceilings } from './ceilings/ceilings.ts';
import type { Milliseconds, Timed } from './measure.ts';
import type { EngineRequest } from './start-engine.ts';

export type BackendName = 'wasm' | 'webgpu';

/** The minimum work of one run of a case, which determines its position in a roofline. */
export interface Work {
  /** Of floating-point numbers; a multiply-add counts as two. */
  readonly operations: number;
  /** Read from memory and written to it, were nothing read twice. */
  readonly bytes: number;
}

/** The result of one measurement. */
export interface Measured {
  readonly name: string;
  readonly milliseconds: Timed;
  /** What the suite is about, such as 31.4 with the unit GFLOP/s. */
  readonly value: number;
  readonly unit: string;
  /** The best that the machine allows, in the same unit: measured, or made of measured parts. Null where unknown. */
  readonly ceiling: number | null;
  /** How near the value comes to the ceiling, from 0 to 1. */
  readonly share: number | null;
  /** Where they are others than the engine's. */
  readonly threads?: number;
  /** Where arithmetic tells. */
  readonly work?: Work;
}

export interface BenchRecord extends Measured {
  readonly suite: string;
  readonly backend: string;
  readonly threads: number;
}

export interface Context {
  readonly engine: Engine;
  readonly backend: BackendName;
  /** What `engine` was started with, for a suite that starts others. */
  readonly request: EngineRequest;
  /** Of as many threads as the engine has, with the instructions that it has. */
  readonly ceilings: Ceilings;
  /** As few samples and as small a size as still says that everything works: for tests. */
  readonly quick: boolean;
}

/** Parameters of a run. */
export interface Setting {
  readonly backend: BackendName;
  readonly isSoftware: boolean;
  readonly quick: boolean;
}

export interface Suite {
  readonly name: string;
  readonly description: string;
  /** The only backend that it is about. */
  readonly only?: BackendName;
  /** The names of the records to come, in their order: the page, which shows how far it is, offers suites that tell. */
  cases?(setting: Setting): readonly string[];
  run(context: Context): AsyncIterable<Measured>;
}

export const settingOf = ({ engine, backend, quick }: Context): Setting => ({
  backend,
  isSoftware: engine.info.isSoftware,
  quick,
});

/** A rate, such as GFLOP/s: higher is better. */
export function rate(name: string, milliseconds: Timed, unit: string, value: number, ceiling: number | null): Measured {
  return { name, milliseconds, value, unit, ceiling, share: ceiling === null ? null : value / ceiling };
}

/** A time: lower is better, so the ceiling is a floor. `unit` names what is timed: `ms a step`. */
export function duration(
  name: string,
  milliseconds: Milliseconds,
  unit: string,
  value: number,
  floor: number | null,
): Measured {
  return { name, milliseconds, value, unit, ceiling: floor, share: floor === null ? null : floor / value };
}
