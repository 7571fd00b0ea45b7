/** The state of a model that files contain: the interface between `model.ts` and `src/files`. */
import type { TypedArray } from '../core/dtype.ts';
import type { Variable } from '../graph/node.ts';
import type { Layer } from '../nn/layer.ts';
import type { Compiled } from './compile-options.ts';
import type { Topology } from '../nn/topology.ts';

export interface Checkpoint {
  readonly name: string;
  readonly seed: number;
  /** The layers of a sequential model; null for a graph of layers. */
  readonly stack: readonly Layer[] | null;
  readonly topology: Topology;
  readonly compiled: Compiled | null;
  /** The learning rate in float64, as it was set; `state` has it rounded to float32. null if the optimizer has a schedule. */
  readonly learningRate: number | null;
  /** Iteration counter, learning rate and slots of the optimizer. */
  readonly state: readonly Variable[];
  /** Copies the values of variables, all from the same training step. */
  read(variables: readonly Variable[]): Promise<TypedArray[]>;
}

/** A `Model`, as far as `src/files` uses it. */
export interface Saveable {
  checkpoint(): Checkpoint;
}
