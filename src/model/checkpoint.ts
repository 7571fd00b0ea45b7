/** A model as it stands, between the model and what writes and reads files. */
import type { TypedArray } from '../core/dtype.ts';
import type { Variable } from '../graph/node.ts';
import type { Layer } from '../nn/layer.ts';
import type { Compiled } from './compile-options.ts';
import type { Topology } from '../nn/topology.ts';

export interface Checkpoint {
  readonly name: string;
  readonly seed: number;
  /** The layers of a sequential model, or null for a graph of layers. */
  readonly stack: readonly Layer[] | null;
  readonly topology: Topology;
  readonly compiled: Compiled | null;
  /** The rate of the next step as it was set, of which `state` holds a float32; null where a schedule decides it. */
  readonly learningRate: number | null;
  /** Iterations, learning rate and slots of the optimizer. */
  readonly state: readonly Variable[];
  /** Copies of the values of the variables, all of one moment. */
  read(variables: readonly Variable[]): Promise<TypedArray[]>;
}

/** A `Model`. */
export interface Saveable {
  checkpoint(): Checkpoint;
}
