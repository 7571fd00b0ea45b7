/**
 * JSON from strangers. Unlike `JSON.parse` it refuses a key that is given twice, limits depth, and gives objects as
 * maps, so that `__proto__` is a name like any other.
 */
import { FormatError } from '../core/errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

const deepest = 64;
const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const literals: readonly (readonly [string, Json])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];

/** The value that `text` holds. Throws `FormatError` naming `what` and the place of the fault. */
export function parseJson(what: string, text: string): Json {
  const reader = new Reader(what, text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #what: string;
  readonly #text: string;
  #at = 0;

  constructor(what: string, text: string) {
    this.#what = what;
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > deepest) this.#fail(`nested more than ${deepest} deep`);
    this.#take(space);
    const character = this.#text[this.#at];
    if (character === '{') return this.#object(depth);
    if (character === '[') return this.#array(depth);
    if (character === '"') return this.#string();
    const literal = literals.find(([name]) => this.#text.startsWith(name, this.#at));
    if (literal) {
      this.#at += literal[0].length;
      return literal[1];
    }
    const digits = this.#take(number);
    if (digits === '') this.#fail('no value');
    return Number(digits);
  }

  end(): void {
    this.#take(space);
    if (this.#at < this.#text.length) this.#fail('text after the end');
  }

  #object(depth: number): JsonObject {
    const result = new Map<string, Json>();
    this.#list('}', () => {
      this.#take(space);
      const key = this.#string();
      if (result.has(key)) this.#fail(`key ${JSON.stringify(key)} is given twice`);
      this.#take(space);
      this.#expect(':');
      result.set(key, this.value(depth + 1));
    });
    return result;
  }

  #array(depth: number): Json[] {
    const result: Json[] = [];
    this.#list(']', () => result.push(this.value(depth + 1)));
    return result;
  }

  /** Entries with commas between them, from the opening bracket to `close`. */
  #list(close: string, entry: () => void): void {
    this.#at += 1;
    this.#take(space);
    if (this.#text[this.#at] !== close) {
      for (;;) {
        entry();
        this.#take(space);
        if (this.#text[this.#at] !== ',') break;
        this.#at += 1;
      }
    }
    this.#expect(close);
  }

  #string(): string {
    const quoted = this.#take(string);
    if (quoted === '') this.#fail('no string');
    return JSON.parse(quoted) as string;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`'${character}' is missing`);
    this.#at += 1;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #fail(fault: string): never {
    throw new FormatError(`${this.#what}: the JSON is not well formed at character ${this.#at}: ${fault}`);
  }
}
