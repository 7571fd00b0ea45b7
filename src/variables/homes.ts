/**
 * Where each variable has its values: on the host until an engine gives it memory, then on that engine. Engines report here
 * what they allocate and free, so that layers, models and graphs that share a variable find the same values.
 */
import type { TypedArray } from '../core/dtype.ts';
import { StateError } from '../core/errors.ts';
import { rawOf } from '../core/raw.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';

/** What an engine can do with a variable that it has memory for. */
export interface Holder {
  /** A number, because an engine may also be reached through a `Proxy`. */
  readonly id: number;
  read(variable: Variable): Promise<TypedArray>;
  write(variable: Variable, values: TypedArray): void;
  release(variables: readonly Variable[]): void;
}

export interface Home {
  /** By id. A model's variable is on one engine at most; others have values of their own on each. */
  readonly engines: Map<number, Holder>;
  /** Values for the engine to come; without them the variable's own first values count. */
  pending: TypedArray | undefined;
  /** Whether the only engine that had the values was disposed. */
  isLost: boolean;
  /** Whether a model has it. */
  isShared: boolean;
  /** Models that have run with it. */
  readonly users: Set<symbol>;
  /** How often its values may have changed. */
  changes: number;
  /** `changes` when its values were last found to be finite. */
  finiteAt: number;
  /** Undefined until a model runs with it. */
  group: Group | undefined;
}

/** Variables of models that share weights, directly or through other models: one engine has them (`shared-engines.ts`). */
export interface Group {
  /** The engine where a user gave it; null where the models make one for themselves. */
  readonly given: Engine | null;
  /** Undefined until it is made. */
  engine: Promise<Engine> | undefined;
  readonly variables: Set<Variable>;
  /** The models. */
  readonly users: Set<symbol>;
  /** How many fits run: their programs stay where they are. */
  fits: number;
}

const homes = new WeakMap<Variable, Home>();

export function homeOf(proxied: Variable): Home {
  const variable = rawOf(proxied);
  let home = homes.get(variable);
  if (home === undefined) {
    const own = { pending: undefined, isLost: false, isShared: false, changes: 0, finiteAt: -1, group: undefined };
    home = { engines: new Map(), users: new Set(), ...own };
    homes.set(variable, home);
  }
  return home;
}

/** Drops what is known of `variable`: its next values are its first ones. */
export function forget(variable: Variable): void {
  homes.delete(rawOf(variable));
}

/** Throws `StateError` when a model's variable has its values anywhere but on the engine `id`. */
export function requireHome(variable: Variable, id: number): void {
  const { engines, isLost, isShared } = homeOf(variable);
  if (!isShared || (!isLost && [...engines.keys()].every((other) => other === id))) return;
  if (!isLost) throw elsewhere(variable);
  const { name } = variable.variable;
  throw new StateError(
    `model: '${name}' lived on an engine that was disposed: make the model again, or set its weights with setWeights()`,
  );
}

/** The error of a model's variable that is needed on a second engine. */
export function elsewhere({ variable: { name } }: Variable): StateError {
  return new StateError(
    `model: '${name}' lives on another engine: give its models the engine on which you use it, ` +
      `or copy the weights with getWeights() and setWeights()`,
  );
}

/** Notes that `engine` has memory for `variable`. Returns the values to write there, undefined for zeros; `settle` ends with it. */
export function moveIn(variable: Variable, engine: Holder): TypedArray | undefined {
  const home = homeOf(variable);
  const values = home.pending ?? variable.variable.initialize?.();
  home.engines.set(engine.id, engine);
  home.isLost = false;
  home.changes += 1;
  return values;
}

/** Lets go of the values that `moveIn` gave. */
export function settle(variables: readonly Variable[]): void {
  for (const variable of variables) homeOf(variable).pending = undefined;
}

/** Notes that the engine `id` has no memory for `variable` any more. */
export function moveOut(variable: Variable, id: number, isLost = false): void {
  const home = homes.get(rawOf(variable));
  if (!home?.engines.delete(id) || !isLost || home.engines.size > 0) return;
  home.isLost = true;
  home.group = undefined;
}

/** Variables with how often each had changed. */
export type Changes = readonly (readonly [home: Home, changes: number])[];

/** null if none of `variables` has changed since it was found finite; else the changes to confirm with `markFinite`. */
export function unknownChanges(variables: readonly Variable[]): Changes | null {
  const all = variables.map((variable) => homeOf(variable));
  if (all.every(({ changes, finiteAt }) => changes === finiteAt)) return null;
  return all.map((home) => [home, home.changes]);
}

/** Notes that the values were finite after those changes. */
export function markFinite(changes: Changes): void {
  for (const [home, count] of changes) home.finiteAt = Math.max(home.finiteAt, count);
}
