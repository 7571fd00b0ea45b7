/** Engines that models make for themselves. Models that share layers share one; the last to be disposed frees it. */
import { createEngine } from '../create-engine.ts';
import type { Engine } from '../engine.ts';

const users = new WeakMap<Engine, Set<object>>();

/** An engine for `user` and a training step of `work` multiply-adds. */
export async function makeEngine(user: object, work: number): Promise<Engine> {
  const engine = await createEngine({ work });
  users.set(engine, new Set([user]));
  return engine;
}

/** Counts `user` among those that need an engine which a model has made; others are left to their makers. */
export function shareEngine(user: object, engine: Engine): void {
  users.get(engine)?.add(user);
}

/** Disposes an engine which a model has made when `user` was the last to need it. */
export function leaveEngine(user: object, engine: Engine): void {
  const left = users.get(engine);
  if (left?.delete(user) && left.size === 0) engine.dispose();
}
