/**
 * What an optimizer is: from parameters and their gradients it builds, once, the nodes of the new values. Its slots
 * (momentum and the like) are variables, so a step on the device is the forward pass, the gradients and this, in one
 * program.
 */
import type { Node, Variable } from '../graph/node.ts';
import type { Schedule } from './schedules.ts';

export type Update = readonly [Variable, Node];

export interface Optimizer {
  readonly name: string;
  /** Settings as JSON. */
  config(): Readonly<Record<string, unknown>>;
  /** The rate, or a schedule of it over `iterations`. */
  readonly learningRate: number | Schedule;
  /** float32 []: a rate that the host writes between chunks; unused while a schedule computes it. */
  readonly learningRateVariable: Variable;
  /**
   * New values of `parameters` and of the slots.
   *
   * @param iterations int32 []: steps done before this one
   */
  updates(parameters: readonly Variable[], gradients: readonly Node[], iterations: Node): readonly Update[];
  /**
   * An optimizer of the same settings with slots and a rate of its own. `compile` takes one, so that an optimizer given to two
   * models, or to one model twice, trains each from its own state.
   */
  fresh(): Optimizer;
  /** Every slot made so far, by parameter and then by kind: what a checkpoint saves. */
  slots(): readonly Variable[];
}
