/**
 * Reads, writes and allocates the variables of models, whether their values are on the host or on an engine. Models may share
 * layers, so values are tracked by variable (`residency.ts`) and not by model. A second model therefore uses the trained weights.
 */
import { describe } from '../core/describe.ts';
import { copied, dtypeOf, typedArray } from '../core/dtype.ts';
import type { TypedArray } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { chunkMilliseconds, yieldToEventLoop } from '../core/event-loop.ts';
import { forgetResidency, residencyOf, markFinite, requireResidency } from './residency.ts';
import { HostTensor } from '../data/tensor.ts';
import type { EngineHandle } from './residency.ts';
import { writeWithLock, withLock } from './locks.ts';

/** New values for a variable. */
export type Assignment = readonly [variable: Variable, values: TypedArray];

/** Marks variables as belonging to a model, so that at most one engine has their values. */
export function share(variables: readonly Variable[]): void {
  for (const variable of variables) residencyOf(variable).belongsToModel = true;
}

/**
 * Allocates variables on `engine`, writes their values, and registers `user` as a user of them.
 *
 * @throws StateError if one is on another engine
 */
export function attach(user: symbol, engine: Engine, variables: readonly Variable[]): void {
  share(variables);
  for (const variable of variables) requireResidency(variable, engine.id);
  const fresh = variables.filter((variable) => residencyOf(variable).engines.size === 0);
  for (const variable of fresh) residencyOf(variable).pending ??= variable.variable.initialize?.();
  const finite = fresh.map(residencyOf).filter(({ pending }) => !pending || areFinite(pending));
  engine.allocate(variables);
  markFinite(finite.map((residency) => [residency, residency.changes]));
  for (const variable of variables) residencyOf(variable).users.add(user);
}

/**
 * Computes initial values that take long, such as orthogonal matrices, and yields to the event loop in between. Values that are
 * set in the meantime take precedence.
 */
export async function prepareValues(variables: readonly Variable[]): Promise<void> {
  for (const variable of variables) {
    const residency = residencyOf(variable);
    const isKnown = (): boolean => residency.engines.size > 0 || residency.pending !== undefined;
    const steps = isKnown() ? undefined : variable.variable.initializeInSteps?.();
    if (!steps) continue;
    let end = performance.now() + chunkMilliseconds();
    let step = steps.next();
    for (; !step.done && !isKnown(); step = steps.next()) {
      if (performance.now() < end) continue;
      await yieldToEventLoop();
      end = performance.now() + chunkMilliseconds();
    }
    if (step.done && !isKnown()) residency.pending = step.value;
  }
}

/** Unregisters `user` from the variables and frees those that have no other user. */
export function detach(user: symbol, variables: readonly Variable[]): void {
  for (const variable of variables) {
    const { users, engines, group } = residencyOf(variable);
    if (!users.delete(user) || users.size > 0) continue;
    for (const engine of [...engines.values()]) engine.release([variable]);
    group?.variables.delete(variable);
    forgetResidency(variable);
  }
}

/** Moves the values of variables from their engine to the host until the next allocation. If a read fails, none is moved. */
export async function takeToHost(variables: readonly Variable[]): Promise<void> {
  const living = variables.filter((variable) => residencyOf(variable).engines.size > 0);
  const values = await Promise.all(living.map(readVariable));
  living.forEach((variable, index) => {
    engineOf(variable)!.release([variable]);
    residencyOf(variable).pending = values[index];
  });
}

/** Copies the values of variables, consistently: after all changes requested so far and before any later one. */
export function readVariables(variables: readonly Variable[]): Promise<TypedArray[]> {
  return withLock(variables, false, () => Promise.all(variables.map(readVariable)));
}

/** Sets values, which are copied. Running passes that read the variables finish with the previous values. */
export function writeVariables(given: readonly Assignment[]): void {
  let values = given;
  const later = writeWithLock(
    given.map(([variable]) => variable),
    () => values.forEach(writeVariable),
  );
  if (!later) return;
  values = given.map(([variable, own]) => [variable, copied(own)]);
  // If the engine is disposed or lost in the meantime, the next call that uses it throws.
  later.catch(() => undefined);
}

/** Returns the values of `given` with scale and offset applied. Throws `ShapeError` or `DTypeError` if they do not fit. */
export function fittingValues({ variable, shape, dtype }: Variable, given: HostTensor | undefined): TypedArray {
  const scaled = given instanceof HostTensor ? given.applyScale('setWeights') : given;
  const { data, shape: own } = (scaled ?? {}) as Partial<HostTensor>;
  const subject = `setWeights: '${variable.name}' is ${dtype} ${formatShape(shape)}`;
  if (!ArrayBuffer.isView(data) || !Array.isArray(own)) {
    throw new DTypeError(`${subject}, which takes a tensor, not ${describe(given)}: use tensor(values, shape)`);
  }
  if (dtypeOf(data) !== dtype || !sameShape(own as Shape, shape)) {
    throw new ShapeError(`${subject}, not ${dtypeOf(data)} ${formatShape(own as Shape)}`);
  }
  if (data.length === sizeOf(shape)) return data;
  throw new ShapeError(`${subject}: ${data.length} values do not fill it`);
}

function readVariable(variable: Variable): Promise<TypedArray> {
  const engine = engineOf(variable);
  if (engine) return engine.read(variable);
  const values = residencyOf(variable).pending ?? variable.variable.initialize?.();
  return Promise.resolve(values ? copied(values) : typedArray(variable.dtype, sizeOf(variable.shape)));
}

function writeVariable([variable, values]: Assignment): void {
  const residency = residencyOf(variable);
  const engine = residency.isLost ? undefined : engineOf(variable);
  if (engine) {
    engine.write(variable, values);
    if (areFinite(values)) markFinite([[residency, residency.changes]]);
  } else {
    residency.pending = copied(values);
    residency.isLost = false;
  }
}

/** Whether all values are finite. A check on the host here is cheaper than a program on the device before the next prediction. */
function areFinite(values: TypedArray): boolean {
  // 0 · x is 0 for finite x, else NaN. Four independent sums hide the latency of the additions.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length & ~3;
  for (let index = 0; index < whole; index += 4) {
    a += 0 * values[index]!;
    b += 0 * values[index + 1]!;
    c += 0 * values[index + 2]!;
    d += 0 * values[index + 3]!;
  }
  for (let index = whole; index < values.length; index++) a += 0 * values[index]!;
  return a + b + c + d === 0;
}

/** Returns the engine that has the values, or undefined for the host. Throws `StateError` for several or a disposed engine. */
function engineOf(variable: Variable): EngineHandle | undefined {
  const [engine] = residencyOf(variable).engines.values();
  requireResidency(variable, engine?.id ?? 0);
  return engine;
}
