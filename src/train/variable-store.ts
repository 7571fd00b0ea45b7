/**
 * Where a model's variables have their values: before there is an engine on the host, then on the engine of the first
 * model that runs. Layers may be shared between models, so this is kept by variable and not by model: a second model
 * finds the trained weights, on the engine where they are.
 */
import { shareArenas } from '../arenas/share.ts';
import { copied, typedArray } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { StateError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { chunkMilliseconds, yieldToEventLoop } from './event-loop.ts';

interface Home {
  engine: Engine | undefined;
  /** Values to write once there is an engine; without them the variable's own first values count. */
  pending: TypedArray | undefined;
  /** The models that use it. */
  readonly users: Set<object>;
}

const homes = new WeakMap<Variable, Home>();

function homeOf(variable: Variable): Home {
  let home = homes.get(variable);
  if (home === undefined) homes.set(variable, (home = { engine: undefined, pending: undefined, users: new Set() }));
  return home;
}

/** The engine where any of `variables` already lives. */
export function engineOf(variables: readonly Variable[]): Engine | undefined {
  return variables.map((variable) => homes.get(variable)?.engine).find((engine) => engine !== undefined);
}

/**
 * Gives `variables` memory and values on `engine`, for `user`.
 *
 * @throws StateError for one that lives on another engine
 */
export function attach(user: object, engine: Engine, variables: readonly Variable[]): void {
  const elsewhere = variables.find((variable) => (homeOf(variable).engine ?? engine) !== engine);
  if (elsewhere) {
    throw new StateError(
      `model: '${elsewhere.variable.name}' lives on another engine: give both models the same engine, ` +
        `or copy the weights with getWeights() and setWeights()`,
    );
  }
  const fresh = variables.filter((variable) => homeOf(variable).engine === undefined);
  engine.allocate(fresh, shareArenas, (variable) => homeOf(variable).pending);
  for (const variable of fresh) {
    const home = homeOf(variable);
    home.engine = engine;
    home.pending = undefined;
  }
  for (const variable of variables) homeOf(variable).users.add(user);
}

/**
 * Draws the first values that take long, with turns of the event loop in between, so that `attach` need not draw them. What
 * is set meanwhile stays.
 */
export async function prepareValues(variables: readonly Variable[]): Promise<void> {
  for (const variable of variables) {
    const home = homeOf(variable);
    const isKnown = (): boolean => home.engine !== undefined || home.pending !== undefined;
    const steps = isKnown() ? undefined : variable.variable.initializeInSteps?.();
    if (!steps) continue;
    let end = performance.now() + chunkMilliseconds();
    let step = steps.next();
    for (; !step.done && !isKnown(); step = steps.next()) {
      if (performance.now() < end) continue;
      await yieldToEventLoop();
      end = performance.now() + chunkMilliseconds();
    }
    if (step.done && !isKnown()) home.pending = step.value;
  }
}

/** Frees the memory of those `variables` that nobody but `user` uses. */
export function detach(user: object, variables: readonly Variable[]): void {
  for (const variable of variables) {
    const home = homes.get(variable);
    if (!home?.users.delete(user) || home.users.size > 0) continue;
    home.engine?.release([variable]);
    homes.delete(variable);
  }
}

/** A copy of the values of `variable`, wherever they are. */
export function readVariable(variable: Variable): Promise<TypedArray> {
  const home = homes.get(variable);
  if (home?.engine !== undefined) return home.engine.read(variable);
  const values = home?.pending ?? variable.variable.initialize?.();
  return Promise.resolve(values ? copied(values) : typedArray(variable.dtype, sizeOf(variable.shape)));
}

/** Sets the values of `variable`, which are copied. */
export function writeVariable(variable: Variable, values: TypedArray): void {
  const home = homeOf(variable);
  if (home.engine !== undefined) home.engine.write(variable, values);
  else home.pending = copied(values);
}
