/** Engines that models make for themselves. Models that share layers share one; the last to be disposed frees it. */
import { createEngine } from '../create-engine.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';

/** By the engine's id: the models that need it. */
const users = new Map<number, Set<symbol>>();

/** Engines that are being made for the models of a variable. */
const coming = new WeakMap<Variable, Promise<Engine>>();

/** An engine for a training step of `work` multiply-adds; models that share any of `weights` get the same one. */
export function makeEngine(weights: readonly Variable[], work: number): Promise<Engine> {
  const known = weights.map((weight) => coming.get(weight)).find((engine) => engine !== undefined);
  const engine = known ?? startEngine(work);
  for (const weight of weights) coming.set(weight, engine);
  const done = (): void => weights.forEach((weight) => coming.delete(weight));
  engine.then(done, done);
  return engine;
}

async function startEngine(work: number): Promise<Engine> {
  const engine = await createEngine({ work });
  users.set(engine.id, new Set());
  return engine;
}

/** Counts `user` among those that need an engine which a model has made; others are left to their makers. */
export function shareEngine(user: symbol, engine: Engine): void {
  users.get(engine.id)?.add(user);
}

/** Disposes an engine which a model has made when `user` was the last to need it. */
export function leaveEngine(user: symbol, engine: Engine): void {
  const left = users.get(engine.id);
  if (!left?.delete(user) || left.size > 0) return;
  users.delete(engine.id);
  engine.dispose();
}
