/**
 * Records where the values of each variable reside: on the host until an engine allocates it, then on that engine. Engines
 * report allocations and releases here, so that layers, models and graphs that share a variable use the same values.
 */
import type { TypedArray } from '../core/dtype.ts';
import { StateError } from '../core/errors.ts';
import { rawOf } from '../core/raw.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';

/** The methods of an engine that access a variable. */
export interface EngineHandle {
  /** Identifies the engine. The object cannot be the key, because it may be accessed through a `Proxy`. */
  readonly id: number;
  read(variable: Variable): Promise<TypedArray>;
  write(variable: Variable, values: TypedArray): void;
  release(variables: readonly Variable[]): void;
}

/** Where the values of one variable are, and what uses them. */
export interface Residency {
  /** Engines that have allocated the variable, by id. At most one for a model's variable; others have separate values on each. */
  readonly engines: Map<number, EngineHandle>;
  /** Values on the host for the next allocation. If undefined, the initial values of the variable are used. */
  pending: TypedArray | undefined;
  /** Whether the values were lost because their only engine was disposed. */
  isLost: boolean;
  /** Whether the variable belongs to a model. */
  belongsToModel: boolean;
  /** Models that have used the variable. */
  readonly users: Set<symbol>;
  /** Number of operations that may have changed the values. */
  changes: number;
  /** The value of `changes` when the values were last verified to be finite. */
  finiteAt: number;
  /** Undefined until a model runs with the variable. */
  group: EngineGroup | undefined;
}

/** Variables of models that share weights, directly or through other models. All are on one engine (`shared-engines.ts`). */
export interface EngineGroup {
  /** The engine that a user passed to a model; null if the group creates its own. */
  readonly given: Engine | null;
  /** Undefined until the engine is created. */
  engine: Promise<Engine> | undefined;
  readonly variables: Set<Variable>;
  /** The models of the group. */
  readonly users: Set<symbol>;
  /** Number of running fits. The group cannot move to another engine while a fit runs. */
  fits: number;
}

const residencies = new WeakMap<Variable, Residency>();

/** Returns the record of `variable`, which may be a `Proxy` of it. Creates it on first use. */
export function residencyOf(proxied: Variable): Residency {
  const variable = rawOf(proxied);
  let residency = residencies.get(variable);
  if (residency === undefined) {
    const own = {
      pending: undefined,
      isLost: false,
      belongsToModel: false,
      changes: 0,
      finiteAt: -1,
      group: undefined,
    };
    residency = { engines: new Map(), users: new Set(), ...own };
    residencies.set(variable, residency);
  }
  return residency;
}

/** Deletes the record of `variable`. The next allocation starts from its initial values. */
export function forgetResidency(variable: Variable): void {
  residencies.delete(rawOf(variable));
}

/** Throws `StateError` if the values of a model's variable are lost or on an engine other than `id`. */
export function requireResidency(variable: Variable, id: number): void {
  const { engines, isLost, belongsToModel } = residencyOf(variable);
  if (!belongsToModel || (!isLost && [...engines.keys()].every((other) => other === id))) return;
  if (!isLost) throw otherEngineError(variable);
  const { name } = variable.variable;
  throw new StateError(
    `model: '${name}' was on an engine that was disposed: create the model again, or set its weights with setWeights()`,
  );
}

/** Returns the error for a model's variable that is used on a second engine. */
export function otherEngineError({ variable: { name } }: Variable): StateError {
  return new StateError(
    `model: '${name}' lives on another engine: give its models the engine on which you use it, ` +
      `or copy the weights with getWeights() and setWeights()`,
  );
}

/**
 * Records that `engine` has allocated `variable`. Call `clearPending` when the allocation is complete.
 *
 * @returns the values to write to the new memory; undefined for zeros
 */
export function recordAllocation(variable: Variable, engine: EngineHandle): TypedArray | undefined {
  const residency = residencyOf(variable);
  const values = residency.pending ?? variable.variable.initialize?.();
  residency.engines.set(engine.id, engine);
  residency.isLost = false;
  residency.changes += 1;
  return values;
}

/** Frees the host values of variables that are allocated now. */
export function clearPending(variables: readonly Variable[]): void {
  for (const variable of variables) residencyOf(variable).pending = undefined;
}

/**
 * Records that the engine `id` has freed `variable`.
 *
 * @param isLost whether the engine was disposed, so that the values are lost
 */
export function recordRelease(variable: Variable, id: number, isLost = false): void {
  const residency = residencies.get(rawOf(variable));
  if (!residency?.engines.delete(id) || !isLost || residency.engines.size > 0) return;
  residency.isLost = true;
  residency.group = undefined;
}

/** Records with the value of `changes` at one moment. */
export type Changes = readonly (readonly [residency: Residency, changes: number])[];

/**
 * Returns null if no variable has changed since it was last verified to be finite. Otherwise returns the current change counts,
 * which the caller passes to `markFinite` after a check.
 */
export function uncheckedChanges(variables: readonly Variable[]): Changes | null {
  const all = variables.map((variable) => residencyOf(variable));
  if (all.every(({ changes, finiteAt }) => changes === finiteAt)) return null;
  return all.map((residency) => [residency, residency.changes]);
}

/** Records that the values were finite at these change counts. */
export function markFinite(changes: Changes): void {
  for (const [residency, count] of changes) residency.finiteAt = Math.max(residency.finiteAt, count);
}
