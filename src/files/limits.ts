/**
 * What a model file may hold at most. Reading takes time and memory in proportion to these, so that a small file from
 * an untrusted source cannot occupy a page. Saving refuses what loading would refuse.
 */
import { FormatError } from '../core/errors.ts';

export const fileLimits = {
  /** Layers, without those inside another layer. */
  layers: 4096,
  /** Calls of layers in a graph. */
  calls: 8192,
  /** Inputs of all calls together. */
  connections: 16384,
  metrics: 64,
  /** Elements of one list among the settings of an optimizer, such as the pieces of a schedule. */
  list: 256,
  /** Characters of the name of a model or layer. */
  name: 256,
} as const;

/** Throws `FormatError` if a file has more of something than is read. */
export function requireLimit(what: string, count: number, limit: keyof typeof fileLimits): void {
  if (count <= fileLimits[limit]) return;
  throw new FormatError(`model file: there are ${count} ${what}: at most ${fileLimits[limit]} are read`);
}
