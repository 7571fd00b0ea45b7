/**
 * The engines of models: one that a user gave, else one that models make for themselves. Models that share weights, directly or
 * through other models, form a group, and a group has one engine. A call finds its group at once, before it waits for its turn,
 * so that what several calls decide holds in the order in which they were made.
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
  /** Settles when all values of the group are there, or on the host. */
  readonly engine: Promise<Engine>;
}

/**
 * Finds the engine for a call of the model `user`. The groups of `variables` become one, on the engine that a user gave, else the
 * one where a fit runs, else the one of the first variable; the values follow in a turn of their own.
 *
 * @param given the engine that a user gave to this model
 * @param last the group of the last call, by which a model without weights finds its engine
 * @param work multiply-adds of a training step, for the choice of an engine that is made now
 * @throws StateError where the groups have different engines that users gave, or a fit runs on an engine that would be left
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
  engine.catch(() => undefined); // The call reports it, in its turn.
  return { group: target, engine };
}

function newGroup(given: Engine | null): Group {
  return { given, engine: given ? Promise.resolve(given) : undefined, variables: new Set(), users: new Set(), fits: 0 };
}

/** The group of `variable`: that of the models that have run with it, or of a graph that has taken it to a user's engine. */
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

/** Makes `group` a part of `target`: its values go to the host, from where each call fetches what it uses. */
function join(group: Group, target: Group): Promise<void> | undefined {
  const [variables, users] = [[...group.variables], [...group.users]];
  regroup(variables, users, group, target);
  if (group.given) return undefined;
  return inTurn(variables, true, async () => {
    const old = await group.engine?.catch(() => undefined);
    try {
      await (await target.engine)?.finished(); // Nothing moves to an engine that is lost.
      await takeToHost(variables);
    } catch (error) {
      const still = variables.filter((variable) => homeOf(variable).group === target);
      regroup(still, users, target, group);
      throw error;
    }
    old?.dispose();
  });
}

/** Puts `variables` and `users` into `to`, or into no group. */
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

/** Takes those `variables` that have no values on an engine out of their group. */
export function ungroup(variables: readonly Variable[]): void {
  const homeless = variables.filter((variable) => homeOf(variable).engines.size === 0);
  regroup(homeless, [], null, undefined);
}

/** Frees the memory of those `variables` that no model but `user` uses, after the calls that run. */
export function releaseVariables(user: symbol, variables: readonly Variable[]): void {
  void changeInTurn(variables, () => detach(user, variables));
}

/**
 * Does so for all variables of the model `user`, and disposes the engine that its group made when no other model is left there.
 *
 * @param last the group of its last call
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
