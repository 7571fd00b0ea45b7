/**
 * Checks the arguments of a public function against a table: their number, the option names, and the type of each value. Every
 * public function calls `checkArguments` once. Checks that compare several values are in the function itself.
 */
import { describe, isPromise } from './describe.ts';
import { suggest, ValueError } from './errors.ts';

/** The type of one argument or option. */
export interface ArgumentType {
  /** Completes the sentence "learningRate must be …". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Whether undefined is rejected. Default false: the function has a default value. */
  readonly isRequired?: boolean;
  /** For an options object: the types of its options. */
  readonly table?: ArgumentTable;
  /** For an array: the type of each element. */
  readonly element?: ArgumentType;
}

/** Types by name: of the parameters of a function in order, or of the options of an options object. */
export type ArgumentTable = Readonly<Record<string, ArgumentType>>;

/**
 * Checks the arguments of a call.
 *
 * @param caller name of the public function, used as prefix of error messages
 * @param given the `arguments` of the function
 * @param types one entry for each parameter, in order
 * @throws ValueError for extra or missing arguments, unknown options, and values of the wrong type
 * @example
 * function l2(options = {}) {
 *   checkArguments('l2', arguments, { options: options({ l2: number(0) }) });
 * }
 */
export function checkArguments(caller: string, given: ArrayLike<unknown>, types: ArgumentTable): void {
  const names = Object.keys(types);
  checkCount(caller, given, ...names);
  names.forEach((name, index) => checkValue(caller, name, given[index], types[name]!));
}

/** Checks only the number of arguments. Throws `ValueError` if there are more than `names`. */
export function checkCount(caller: string, given: ArrayLike<unknown>, ...names: readonly string[]): void {
  if (given.length <= names.length) return;
  const takes = names.length === 0 ? 'no arguments' : `at most ${names.length} (${names.join(', ')})`;
  throw new ValueError(`${caller}: takes ${takes}, not ${given.length}: remove ${describe(given[names.length])}`);
}

/**
 * Checks an options object: every option must be in `table` and have a value that its entry accepts.
 *
 * @throws ValueError for an invalid value or an unknown option, with the closest existing one
 */
export function checkOptions(caller: string, given: unknown, table: ArgumentTable): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    const example = Object.keys(table)[0];
    const remedy = typeof given === 'function' ? 'call the function first' : `such as { ${example ?? ''}: … }`;
    throw new ValueError(`${caller}: takes an options object, not ${describe(given)}: ${remedy}`);
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    const names = Object.keys(table);
    const hint =
      suggest(name, names) || `: ${names.length > 0 ? `the options are ${names.join(', ')}` : 'there are none'}`;
    throw new ValueError(`${caller}: there is no option ${describe(name)}${hint}`);
  }
  for (const [name, type] of Object.entries(table)) {
    checkValue(caller, name, (given as Readonly<Record<string, unknown>>)[name], type);
  }
}

/** Throws `ValueError` unless `value`, an argument, option or property, has the type `type`. */
export function checkValue(caller: string, name: string, value: unknown, type: ArgumentType): void {
  const { expected, accepts, isRequired = false, table, element } = type;
  if (value === undefined && !isRequired) return;
  if (table && value !== undefined) return checkOptions(caller, value, table);
  if (element && Array.isArray(value)) {
    // Not forEach, which skips holes.
    for (let index = 0; index < value.length; index++) {
      checkValue(caller, `${name}[${index}]`, value[index], required(element));
    }
  } else if (value === undefined || !accepts(value)) {
    throw new ValueError(`${caller}: ${name} must be ${expected}, not ${describe(value)}${remedyFor(value)}`);
  }
}

function remedyFor(value: unknown): string {
  if (typeof value === 'function') return ': a factory must be called first, with ()';
  return isPromise(value) ? ': await it first' : '';
}

/** Returns the same type, but undefined is rejected. */
export function required(type: ArgumentType): ArgumentType {
  return { ...type, isRequired: true };
}

/** An options object whose options have these types. */
export function options(table: ArgumentTable): ArgumentType {
  return { expected: 'an options object', accepts: () => false, table };
}

/** Any value. The function checks it itself. */
export const anything: ArgumentType = { expected: 'a value', accepts: () => true };

export const boolean: ArgumentType = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const string: ArgumentType = { expected: 'a string', accepts: (value) => typeof value === 'string' };

export const callable: ArgumentType = { expected: 'a function', accepts: (value) => typeof value === 'function' };

/** A finite number in [min, max]. */
export function number(min: number = -Infinity, max: number = Infinity): ArgumentType {
  return {
    expected: `a finite number${range(min, max)}`,
    accepts: (value) => Number.isFinite(value) && (value as number) >= min && (value as number) <= max,
  };
}

/** A safe integer in [min, max]. */
export function integer(min: number = -Infinity, max: number = Infinity): ArgumentType {
  return {
    expected: `an integer${range(min, max)}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

export const positive: ArgumentType = {
  expected: 'a finite number > 0',
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};

/** A number in [0, 1), such as a dropout rate or the decay of a running mean. */
export const fraction: ArgumentType = {
  expected: 'a number in [0, 1)',
  accepts: (value) => typeof value === 'number' && value >= 0 && value < 1,
};

/** One of the given strings. */
export function oneOf(...names: readonly string[]): ArgumentType {
  return {
    expected: names
      .map((name) => `'${name}'`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
    accepts: (value) => names.includes(value as string),
  };
}

/** An array whose elements all have this type. Holes and undefined are rejected. */
export function arrayOf(element: ArgumentType, expected: string): ArgumentType {
  return { expected, element, accepts: (value) => Array.isArray(value) && Array.from(value).every(element.accepts) };
}

/** An object with these methods, such as an engine, an optimizer or a metric. */
export function having(expected: string, ...methods: readonly string[]): ArgumentType {
  const hasMethod = (value: unknown, name: string): boolean =>
    typeof (value as Readonly<Record<string, unknown>>)[name] === 'function';
  return {
    expected,
    accepts: (value) =>
      typeof value === 'object' && value !== null && methods.every((method) => hasMethod(value, method)),
  };
}

/** A value of any of these types. */
export function either(...types: readonly ArgumentType[]): ArgumentType {
  return {
    expected: types.map(({ expected }) => expected).join(', or '),
    accepts: (value) => types.some(({ accepts }) => accepts(value)),
  };
}

function range(min: number, max: number): string {
  return [min === -Infinity ? '' : ` ≥ ${min}`, max === Infinity ? '' : ` ≤ ${max}`].filter(Boolean).join(' and');
}
