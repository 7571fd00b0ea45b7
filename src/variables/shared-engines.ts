/**
 * Assigns engines to models. Models that share weights, directly or through other models, form a group, and each group has one
 * engine: the one that a user passed, else one that the group creates. A call determines its group synchronously, before it
 * waits for a lock, so that decisions of concurrent calls take effect in call order.
 */
import { StateError } from '../core/errors.ts';
import { createEngine } from '../create-engine.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { elsewhere, homeOf } from './homes.ts';
import type { Group } from './homes.ts';
import { detach, takeToHost } from './store.ts';
import { changeInTurn, inTurn } from './turns.ts';

/** The group and the engine of a call. */
export interface Claim {
  readonly group: Group;
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
  last: Group | undefined,
  work: () => number,
): Claim {
  const found = variables.length > 0 ? variables.map(groupOf) : [last];
  const groups = [...new Set(found)].filter((group) => group !== undefined);
  const own = given && (groups.find((group) => group.given === given) ?? newGroup(given));
  const target =
    own ?? groups.find((group) => group.given) ?? groups.find(({ fits }) => fits > 0) ?? groups[0] ?? newGroup(null);
  const others = groups.filter((group) => group !== target);
  for (const other of others) requireMovable(other, target, variables[found.indexOf(other)]!);
  target.engine ??= startEngine(target, work());
  const moves = others.map((other) => join(other, target));
  regroup(variables, [user], null, target);
  const engine = Promise.all([target.engine, ...moves]).then(([ready]) => ready);
  engine.catch(() => undefined); // prevents an unhandled rejection: the call reports the error when it has its lock
  return { group: target, engine };
}

function newGroup(given: Engine | null): Group {
  return { given, engine: given ? Promise.resolve(given) : undefined, variables: new Set(), users: new Set(), fits: 0 };
}

/** Returns the group of `variable`. If only a graph on a user's engine has used the variable, returns a new group for it. */
function groupOf(variable: Variable): Group | undefined {
  const { group, engines } = homeOf(variable);
  const [holder] = engines.values();
  return group ?? (holder && newGroup(holder as Engine));
}

function startEngine(group: Group, work: number): Promise<Engine> {
  const engine = createEngine({ work });
  engine.catch(() => (group.engine = undefined));
  return engine;
}

function requireMovable(group: Group, target: Group, variable: Variable): void {
  if (group.given && group.given !== target.given) throw elsewhere(variable);
  if (group.given || group.fits === 0) return;
  throw new StateError(
    `model: '${variable.variable.name}' is used by a fit on another engine, which cannot move before it ends: await it first, ` +
      `or give the models the same engine`,
  );
}

/** Merges `group` into `target`. Its values move to the host, and each later call uploads those that it uses. */
function join(group: Group, target: Group): Promise<void> | undefined {
  const [variables, users] = [[...group.variables], [...group.users]];
  regroup(variables, users, group, target);
  if (group.given) return undefined;
  return inTurn(variables, true, async () => {
    const old = await group.engine?.catch(() => undefined);
    try {
      await (await target.engine)?.finished(); // rejects if the device is lost: then nothing moves
      await takeToHost(variables);
    } catch (error) {
      const still = variables.filter((variable) => homeOf(variable).group === target);
      regroup(still, users, target, group);
      throw error;
    }
    old?.dispose();
  });
}

/** Moves `variables` and `users` to the group `to`, or removes them from their group if it is undefined. */
function regroup(
  variables: readonly Variable[],
  users: readonly symbol[],
  from: Group | null,
  to: Group | undefined,
): void {
  for (const variable of variables) {
    const home = homeOf(variable);
    home.group?.variables.delete(variable);
    home.group = to;
    to?.variables.add(variable);
  }
  for (const user of users) {
    from?.users.delete(user);
    to?.users.add(user);
  }
}

/** Removes variables that no engine has allocated from their group. */
export function ungroup(variables: readonly Variable[]): void {
  const homeless = variables.filter((variable) => homeOf(variable).engines.size === 0);
  regroup(homeless, [], null, undefined);
}

/** Frees the memory of variables that no model except `user` uses, after running calls end. */
export function releaseVariables(user: symbol, variables: readonly Variable[]): void {
  void changeInTurn(variables, () => detach(user, variables));
}

/**
 * Frees all variables of the model `user` that no other model uses. Disposes the engine if the group created it and has no other
 * model.
 *
 * @param last the group of the previous call of the model
 */
export function leaveEngine(user: symbol, variables: readonly Variable[], last: Group | undefined): void {
  void changeInTurn(variables, () => {
    const groups = new Set([last, ...variables.map((variable) => homeOf(variable).group)]);
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
