/** Checks of what a caller hands in: options, and names out of a closed table. All throw `ValueError`. */
import { describe } from './describe.ts';
import { suggest, ValueError } from './errors.ts';

/** Throws `ValueError` unless `holds`: `dropout: rate must be a number in [0, 1), not 1.5`. */
export function requireOption(where: string, what: string, value: unknown, expected: string, holds: boolean): void {
  if (!holds) throw new ValueError(`${where}: ${what} must be ${expected}, not ${describe(value)}`);
}

/** The entry `name` of a closed table; what a prototype brings along is none. */
export function lookUp<T>(what: string, name: string, table: Readonly<Record<string, T>>): T {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return table[name]!;
  const names = Object.keys(table);
  const hint = typeof name === 'string' ? suggest(name, names) : '';
  throw new ValueError(`${what}: there is no ${describe(name)}${hint || `: the names are ${names.join(', ')}`}`);
}
