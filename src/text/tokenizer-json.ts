/**
 * Loads a tokenizer from JSON. The file is untrusted: each field is checked before it is used, and an invalid field causes a
 * `FormatError` that names it.
 */
import { checkCount } from '../core/arguments.ts';
import { FormatError, ValueError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import type { JsonObject } from '../core/json.ts';
import { Tokenizer } from './tokenizer.ts';
import type { TokenizerOptions } from './tokenizer.ts';

/**
 * Recreates a tokenizer from the output of `toJSON`. It encodes every text as the original did.
 *
 * @param json JSON text, or the object that `JSON.parse` returned for it
 * @throws FormatError for anything else: text that is not JSON, contains a duplicate key or is nested too deeply, or a field that
 *   is unknown, missing or of the wrong type
 * @example
 * const words = tokenizerFromJSON(await (await fetch('words.json')).text());
 */
export function tokenizerFromJSON(json: unknown): Tokenizer {
  checkCount('tokenizerFromJSON', arguments, 'json');
  const fields = typeof json === 'string' ? parseJson('tokenizer file', json) : ownFields(json);
  if (!(fields instanceof Map)) fail('there is no JSON object');
  const file = fields as JsonObject | ReadonlyMap<string, unknown>;
  const field = (name: string): unknown => file.get(name);
  const expectField = (name: string, expected: unknown): void => {
    if (field(name) !== expected) fail(`${name} is ${show(field(name))}, expected ${show(expected)}`);
  };
  expectField('format', 'gradlet-tokenizer');
  expectField('version', 1);
  const settings = ['lowercase', 'punctuation', 'split', 'outOfVocabularyToken'];
  const names = [...settings, 'maxTokens', 'tokens'];
  const missing = names.find((name) => field(name) === undefined);
  if (missing !== undefined) fail(`${missing} is missing`);
  const unknown = [...file.keys()].find((name) => !['format', 'version', ...names].includes(name));
  if (unknown !== undefined) fail(`there is an unknown field ${show(unknown)}`);
  const options: Record<string, unknown> = Object.fromEntries(settings.map((name) => [name, field(name)]));
  const maxTokens = field('maxTokens');
  if (maxTokens !== null) options['maxTokens'] = maxTokens;
  const tokens = checkTokens(field('tokens'), options['outOfVocabularyToken']);
  if (typeof maxTokens === 'number' && tokens.length > maxTokens - 2) {
    fail(`there are ${tokens.length} tokens, at most ${maxTokens - 2} fit maxTokens ${maxTokens}`);
  }
  try {
    return new Tokenizer(options as TokenizerOptions, tokens); // the constructor checks the options
  } catch (error) {
    if (error instanceof ValueError) fail(error.message, error);
    throw error;
  }
}

/** Returns only the own properties of an object, so that a missing field is not found on its prototype. */
function ownFields(json: unknown): ReadonlyMap<string, unknown> | null {
  return typeof json === 'object' && json !== null ? new Map(Object.entries(json)) : null;
}

/** Checks that `tokens` is a list of strings without empty strings, duplicates or the out-of-vocabulary token. */
function checkTokens(tokens: unknown, outOfVocabularyToken: unknown): string[] {
  if (!Array.isArray(tokens)) fail(`tokens is ${typeof tokens}, expected a list of texts`);
  const seen = new Set<unknown>(['', outOfVocabularyToken]);
  for (const [index, token] of (tokens as readonly unknown[]).entries()) {
    if (typeof token !== 'string') fail(`tokens[${index}] is ${show(token)}, expected a text`);
    if (seen.has(token))
      fail(`tokens[${index}] is ${show(token)}, which is there already or stands for something else`);
    seen.add(token);
  }
  return [...(tokens as readonly string[])];
}

/** Formats a value for an error message, at most one line long. */
function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
}

function fail(fault: string, cause?: unknown): never {
  throw new FormatError(`tokenizer file: ${fault}`, { cause });
}
