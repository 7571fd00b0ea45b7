/**
 * Parses JSON from untrusted files. Unlike `JSON.parse` it rejects duplicate keys and numbers beyond the float64 range, limits
 * the nesting depth, and returns objects as maps, so that `__proto__` is an ordinary key. Time and memory are linear in the
 * length of the text.
 */
import { describe } from './describe.ts';
import { FormatError } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

const maxDepth = 64;
/** Maximum characters of a number: more than any float64 needs. */
const maxNumberLength = 512;
const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const literals: ReadonlyMap<string | undefined, readonly [text: string, value: Json]> = /* @__PURE__ */ new Map([
  ['n', ['null', null] as const],
  ['t', ['true', true] as const],
  ['f', ['false', false] as const],
]);
// All empty arrays and all empty objects share one value, because a file could contain hundreds of thousands.
const emptyList: readonly Json[] = /* @__PURE__ */ Object.freeze([]);
const emptyObject: JsonObject = /* @__PURE__ */ new Map<string, Json>();

/**
 * Parses JSON text.
 *
 * @param what the kind of file, used as prefix of error messages
 * @throws FormatError with the character index of the first error
 */
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
    if (depth > maxDepth) this.#fail(`nested more than ${maxDepth} deep`);
    const character = this.#next();
    if (character === '{') return this.#object(depth);
    if (character === '[') return this.#array(depth);
    if (character === '"') return this.#string();
    const literal = literals.get(character);
    if (literal === undefined) return this.#number();
    if (!this.#text.startsWith(literal[0], this.#at)) this.#fail('expected a value');
    this.#at += literal[0].length;
    return literal[1];
  }

  end(): void {
    if (this.#next() !== undefined) this.#fail('text after the end');
  }

  #object(depth: number): JsonObject {
    this.#at += 1;
    if (this.#has('}')) return emptyObject;
    const result = new Map<string, Json>();
    do {
      this.#next();
      const key = this.#string();
      if (result.has(key)) this.#fail(`key ${describe(key)} is given twice`);
      this.#expect(':');
      result.set(key, this.value(depth + 1));
    } while (this.#has(','));
    this.#expect('}');
    return result;
  }

  #array(depth: number): readonly Json[] {
    this.#at += 1;
    if (this.#has(']')) return emptyList;
    const result: Json[] = [];
    do result.push(this.value(depth + 1));
    while (this.#has(','));
    this.#expect(']');
    return result;
  }

  /** Scans for the closing quote without a regular expression, which can overflow its stack on a long string. */
  #string(): string {
    const text = this.#text;
    const start = this.#at;
    if (text[start] !== '"') this.#fail('expected a string');
    let end = start + 1;
    let isPlain = true;
    for (let code = text.charCodeAt(end); code !== 0x22; code = text.charCodeAt(end)) {
      if (!(code >= 0x20))
        this.#fail(end < text.length ? 'a control character in a string' : 'a string without an end');
      if (code === 0x5c) isPlain = false;
      end += code === 0x5c ? 2 : 1;
    }
    this.#at = end + 1;
    if (isPlain) return text.slice(start + 1, end);
    try {
      return JSON.parse(text.slice(start, end + 1)) as string;
    } catch {
      this.#at = start;
      this.#fail('a string with an unknown escape');
    }
  }

  #number(): number {
    const text = this.#text;
    const start = this.#at;
    let end = start;
    while (isNumberCharacter(text.charCodeAt(end))) end++;
    if (end - start > maxNumberLength) this.#fail(`a number of more than ${maxNumberLength} characters`);
    const digits = text.slice(start, end);
    if (!number.test(digits)) this.#fail('expected a value');
    const value = Number(digits);
    if (!Number.isFinite(value)) this.#fail(`the number ${describe(digits)} is beyond the range of float64`);
    this.#at = end;
    return value;
  }

  /** Skips white space and returns the next character, or undefined at the end. */
  #next(): string | undefined {
    const text = this.#text;
    let at = this.#at;
    for (let code = text.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;) {
      code = text.charCodeAt(++at);
    }
    this.#at = at;
    return text[at];
  }

  /** Consumes `character` if it is next, and returns whether it did. */
  #has(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#has(character)) this.#fail(`'${character}' is missing`);
  }

  #fail(fault: string): never {
    throw new FormatError(`${this.#what}: the JSON is not well formed at character ${this.#at}: ${fault}`);
  }
}

/** Digits, signs, the decimal point, and the letters e and E. */
function isNumberCharacter(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x2b || (code | 0x20) === 0x65;
}
