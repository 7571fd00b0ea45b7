/**
 * The optimizer interface. An optimizer builds the graph nodes that compute new parameter values from the gradients; it does
 * so once, at compile time. Its slots (momentum and so on) are variables, so forward pass, backward pass and update run
 * as one program on the device.
 */
import type { Node, Variable } from '../graph/node.ts';
import type { Schedule } from './schedules.ts';

/** A variable and the node that computes its new value. */
export type Update = readonly [Variable, Node];

/** Made by `adam()`, `sgd()` and the other factories; a custom optimizer implements this interface. */
export interface Optimizer {
  readonly name: string;
  /** The options as JSON-serializable data. */
  config(): Readonly<Record<string, unknown>>;
  /** A constant rate, or a schedule over `iterations`. */
  readonly learningRate: number | Schedule;
  /** float32 []: the rate, which the host may write between chunks of steps. Unused when a schedule computes the rate. */
  readonly learningRateVariable: Variable;
  /**
   * Builds the nodes of the new values of `parameters` and of the slots.
   *
   * @param parameters float32 variables of any shape
   * @param gradients one per parameter, of the parameter's shape
   * @param iterations int32 []: number of steps completed before this one
   */
  updates(parameters: readonly Variable[], gradients: readonly Node[], iterations: Node): readonly Update[];
  /**
   * Returns a new optimizer with the same settings and its own slots and learning-rate variable. `compile` uses such a
   * copy, so an optimizer that is passed to two models, or twice to one model, does not share state between them.
   */
  fresh(): Optimizer;
  /** All slots created so far, ordered by parameter and then by kind. A checkpoint saves them. */
  slots(): readonly Variable[];
}
