/**
 * Assigns engines to models. Models that share weights, directly or through other models, form a group, and each group has one
 * engine: the one that a user passed, else one that the group creates. A call determines its group synchronously, before it
 * waits for a lock, so that decisions of concurrent calls take effect in call order.
 */
import { StateError } from '../core/errors.ts';
import { createEngine } from '../create-engine.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { otherEngineError, residencyOf } from './residency.ts';
import type { EngineGroup } from './residency.ts';
import { detach, takeToHost } from './store.ts';
import { writeWithLock, withLock } from './locks.ts';

/** The group and the engine of a call. */
export interface EngineClaim {
  readonly group: EngineGroup;
  /** Resolves when all values of the group are on this engine or on the host. */
  readonly engine: Promise<Engine>;
}

/**
 * Determines the engine for a call of the model `user`. Merges the groups of `variables` into one. It uses the first that exists
 * of: an engine that a user passed, the engine of a running fit, the engine of the first variable, a new engine. The values move
 * later, under a write lock.
 *
 * @param given the engine that the user passed to this model
 * @param last the group of the previous call, which determines the engine of a model without weights
 * @param work multiply-adds of a training step, which decide the backend of a new engine
 * @throws StateError if users passed different engines to the groups, or if a fit runs on an engine that would have to move
 */
export function claimEngine(
  user: symbol,
  given: Engine | null,
  variables: readonly Variable[],
  last: EngineGroup | undefined,
  work: () => number,
): EngineClaim {
  const found = variables.length > 0 ? variables.map(groupOf) : [last];
  const groups = [...new Set(found)].filter((group) => group !== undefined);
  const own = given && (groups.find((group) => group.given === given) ?? newGroup(given));
  const target =
    own ?? groups.find((group) => group.given) ?? groups.find(({ fits }) => fits > 0) ?? groups[0] ?? newGroup(null);
  const others = groups.filter((group) => group !== target);
  for (const other of others) requireMovable(other, target, variables[found.indexOf(other)]!);
  target.engine ??= startEngine(target, work());
  const moves = others.map((other) => mergeGroup(other, target));
  moveToGroup(variables, [user], null, target);
  const engine = Promise.all([target.engine, ...moves]).then(([ready]) => ready);
  engine.catch(() => undefined); // prevents an unhandled rejection: the call reports the error when it has its lock
  return { group: target, engine };
}

function newGroup(given: Engine | null): EngineGroup {
  return { given, engine: given ? Promise.resolve(given) : undefined, variables: new Set(), users: new Set(), fits: 0 };
}

/** Returns the group of `variable`. If only a graph on a user's engine has used the variable, returns a new group for it. */
function groupOf(variable: Variable): EngineGroup | undefined {
  const { group, engines } = residencyOf(variable);
  const [engine] = engines.values();
  return group ?? (engine && newGroup(engine as Engine));
}

function startEngine(group: EngineGroup, work: number): Promise<Engine> {
  const engine = createEngine({ work });
  engine.catch(() => (group.engine = undefined));
  return engine;
}

function requireMovable(group: EngineGroup, target: EngineGroup, variable: Variable): void {
  if (group.given && group.given !== target.given) throw otherEngineError(variable);
  if (group.given || group.fits === 0) return;
  throw new StateError(
    `model: '${variable.variable.name}' is used by a fit on another engine, which cannot move before it ends: await it first, ` +
      `or give the models the same engine`,
  );
}

/** Merges `group` into `target`. Its values move to the host, and each later call uploads those that it uses. */
function mergeGroup(group: EngineGroup, target: EngineGroup): Promise<void> | undefined {
  const [variables, users] = [[...group.variables], [...group.users]];
  moveToGroup(variables, users, group, target);
  if (group.given) return undefined;
  return withLock(variables, true, async () => {
    const old = await group.engine?.catch(() => undefined);
    try {
      await (await target.engine)?.finished(); // rejects if the device is lost: then nothing moves
      await takeToHost(variables);
    } catch (error) {
      const still = variables.filter((variable) => residencyOf(variable).group === target);
      moveToGroup(still, users, target, group);
      throw error;
    }
    old?.dispose();
  });
}

/** Moves `variables` and `users` to the group `to`, or removes them from their group if it is undefined. */
function moveToGroup(
  variables: readonly Variable[],
  users: readonly symbol[],
  from: EngineGroup | null,
  to: EngineGroup | undefined,
): void {
  for (const variable of variables) {
    const residency = residencyOf(variable);
    residency.group?.variables.delete(variable);
    residency.group = to;
    to?.variables.add(variable);
  }
  for (const user of users) {
    from?.users.delete(user);
    to?.users.add(user);
  }
}

/** Removes variables that no engine has allocated from their group. */
export function removeFromGroup(variables: readonly Variable[]): void {
  const unallocated = variables.filter((variable) => residencyOf(variable).engines.size === 0);
  moveToGroup(unallocated, [], null, undefined);
}

/** Frees the memory of variables that no model except `user` uses, after running calls end. */
export function releaseVariables(user: symbol, variables: readonly Variable[]): void {
  void writeWithLock(variables, () => detach(user, variables));
}

/**
 * Frees all variables of the model `user` that no other model uses. Disposes the engine if the group created it and has no other
 * model.
 *
 * @param last the group of the previous call of the model
 */
export function releaseModel(user: symbol, variables: readonly Variable[], last: EngineGroup | undefined): void {
  void writeWithLock(variables, () => {
    const groups = new Set([last, ...variables.map((variable) => residencyOf(variable).group)]);
    detach(user, variables);
    for (const group of groups) {
      if (!group?.users.delete(user) || group.users.size > 0 || group.given) continue;
      group.engine?.then(
        (engine) => engine.dispose(),
        () => undefined,
      );
      group.engine = undefined;
    }
  });
}
