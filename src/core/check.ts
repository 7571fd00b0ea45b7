/** Checks of option values and of names in a table. All throw `ValueError`. */
import { describe } from './describe.ts';
import { suggest, ValueError } from './errors.ts';

/** Throws `ValueError` if `holds` is false: `dropout: rate must be a number in [0, 1), not 1.5`. */
export function requireOption(where: string, what: string, value: unknown, expected: string, holds: boolean): void {
  if (!holds) throw new ValueError(`${where}: ${what} must be ${expected}, not ${describe(value)}`);
}

/** Returns the own property `name` of a table. Throws `ValueError` for an unknown name, with the closest existing one. */
export function lookUp<T>(what: string, name: string, table: Readonly<Record<string, T>>): T {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return table[name]!;
  const names = Object.keys(table);
  const hint = typeof name === 'string' ? suggest(name, names) : '';
  throw new ValueError(`${what}: there is no ${describe(name)}${hint || `: the names are ${names.join(', ')}`}`);
}
