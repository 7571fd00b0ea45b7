/**
 * Limits of a model file. They bound the time and memory of reading, so that a small untrusted file cannot block a page. Saving
 * enforces the same limits as loading.
 */
import { FormatError } from '../core/errors.ts';

export const fileLimits = {
  /** Layers, not counting nested layers. */
  layers: 4096,
  /** Layer calls in a graph. */
  calls: 8192,
  /** Total inputs of all calls. */
  connections: 16384,
  metrics: 64,
  /** Elements of one list in the optimizer settings, such as the boundaries of a piecewise schedule. */
  list: 256,
  /** Characters of a model or layer name. */
  name: 256,
} as const;

/** Throws `FormatError` if `count` exceeds the limit. */
export function requireLimit(what: string, count: number, limit: keyof typeof fileLimits): void {
  if (count <= fileLimits[limit]) return;
  throw new FormatError(`model file: there are ${count} ${what}: at most ${fileLimits[limit]} are read`);
}
