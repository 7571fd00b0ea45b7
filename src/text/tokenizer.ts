/**
 * Builds a vocabulary from texts and encodes texts as token ids, like Keras's `TextVectorization` and `Tokenizer`.
 * `padSequences` turns the ids into a tensor.
 */
import { arrayOf, boolean, checkCount, checkOptions, checkValue, integer, oneOf, string } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { markRaw } from '../core/raw.ts';
import { DTypeError, StateError, ValueError } from '../core/errors.ts';
import { splitCharacters, splitWords } from './split.ts';

/** Options of `tokenizer`. */
export interface TokenizerOptions {
  /** Maximum vocabulary size, including padding and the out-of-vocabulary token. Default: no limit. */
  readonly maxTokens?: number;
  /** Converts text to lower case first, so that `The` and `the` are one token. Default true. */
  readonly lowercase?: boolean;
  /** Whether punctuation and symbols become tokens. Default `remove` for words, `keep` for characters. */
  readonly punctuation?: 'remove' | 'keep';
  /** Tokens are words (each Han, Hiragana or Katakana character is a word) or code points. Default `word`. */
  readonly split?: 'word' | 'character';
  /** The text that `decode` returns for id 1. A token spelled like it never enters the vocabulary. Default `[UNK]`. */
  readonly outOfVocabularyToken?: string;
}

/** The format that `toJSON` returns and `tokenizerFromJSON` reads. */
export interface TokenizerJSON {
  readonly format: 'gradlet-tokenizer';
  readonly version: 1;
  /** null: no limit. */
  readonly maxTokens: number | null;
  readonly lowercase: boolean;
  readonly punctuation: 'remove' | 'keep';
  readonly split: 'word' | 'character';
  readonly outOfVocabularyToken: string;
  /** The tokens with ids 2, 3, … */
  readonly tokens: readonly string[];
}

/** Token ids that are the same in every vocabulary. */
const padding = 0;
const outOfVocabulary = 1;
const firstToken = 2;

/** Encodes texts as token ids; created by `tokenizer()`. */
export class Tokenizer {
  private readonly options: Omit<TokenizerJSON, 'format' | 'version' | 'tokens'>;
  /** All tokens by id: `''` for padding, the out-of-vocabulary token, then the others in order of decreasing frequency. */
  private tokens: readonly string[] | undefined;
  private ids: ReadonlyMap<string, number> | undefined;

  /** @param tokens an existing vocabulary: the tokens with ids 2, 3, … */
  constructor(options: TokenizerOptions = {}, tokens?: readonly string[]) {
    checkOptions('tokenizer', options, {
      maxTokens: {
        ...integer(firstToken + 1),
        expected: 'an integer ≥ 3, as 0 and 1 are padding and out of vocabulary',
      },
      lowercase: boolean,
      punctuation: oneOf('remove', 'keep'),
      split: oneOf('word', 'character'),
      outOfVocabularyToken: {
        expected: 'a string that is not empty',
        accepts: (value) => typeof value === 'string' && value !== '',
      },
    });
    checkValue('tokenizer', 'tokens', tokens, arrayOf(string, 'an array of strings'));
    const { maxTokens, lowercase = true, split = 'word', outOfVocabularyToken = '[UNK]' } = options;
    const { punctuation = split === 'word' ? 'remove' : 'keep' } = options;
    this.options = { maxTokens: maxTokens ?? null, lowercase, punctuation, split, outOfVocabularyToken };
    markRaw(this);
    if (tokens) this.setTokens(tokens);
  }

  /**
   * Builds the vocabulary from `texts`: the most frequent tokens first, equally frequent ones in order of first occurrence.
   * It replaces an earlier vocabulary. Pass only the training texts, so that no information leaks from the test set.
   *
   * @throws DTypeError for items that are not strings
   */
  fit(texts: Iterable<string>): this {
    checkCount('tokenizer.fit', arguments, 'texts');
    const counts = new Map<string, number>();
    for (const tokens of this.splitAll('fit', texts)) {
      for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    const { maxTokens, outOfVocabularyToken } = this.options;
    counts.delete(outOfVocabularyToken);
    const ordered = [...counts].sort(([, a], [, b]) => b - a).map(([token]) => token); // a stable sort
    this.setTokens(maxTokens === null ? ordered : ordered.slice(0, maxTokens - firstToken));
    return this;
  }

  /** Returns the token ids of `text`: 1 for tokens outside the vocabulary; an empty array for an empty text. */
  encode(text: string): Int32Array {
    checkCount('tokenizer.encode', arguments, 'text');
    return this.idsOf(this.split('encode', 'text', text));
  }

  /** Encodes each text. */
  encodeAll(texts: Iterable<string>): Int32Array[] {
    checkCount('tokenizer.encodeAll', arguments, 'texts');
    return Array.from(this.splitAll('encodeAll', texts), (tokens) => this.idsOf(tokens));
  }

  /**
   * Joins the tokens with these ids: words with a space between them, characters without. Padding is skipped.
   *
   * @throws ValueError for an id that is not in the vocabulary
   */
  decode(indices: ArrayLike<number>): string {
    checkCount('tokenizer.decode', arguments, 'indices');
    if (typeof indices !== 'object' || indices === null || !Number.isInteger(indices.length)) {
      throw new DTypeError(`tokenizer.decode: takes an array of numbers, not ${describe(indices)}`);
    }
    const { vocabulary } = this;
    const found: string[] = [];
    for (let position = 0; position < indices.length; position++) {
      const id = indices[position]!;
      const token = Number.isInteger(id) ? vocabulary[id] : undefined;
      if (token === undefined) {
        throw new ValueError(
          `tokenizer.decode: indices[${position}] is ${describe(id)}, expected a token's number from 0 to ${vocabulary.length - 1}`,
        );
      }
      if (id !== padding) found.push(token);
    }
    return found.join(this.options.split === 'word' ? ' ' : '');
  }

  /** All tokens by id: `''` for padding, the out-of-vocabulary token, then the others. Throws `StateError` before `fit`. */
  get vocabulary(): readonly string[] {
    return this.tokens ?? noVocabulary();
  }

  /** Number of token ids, including padding and out-of-vocabulary: the `inputDim` of an embedding. */
  get vocabularySize(): number {
    return this.vocabulary.length;
  }

  /** Options and vocabulary as plain data, so that `tokenizerFromJSON` can read `JSON.stringify(tokenizer)`. */
  toJSON(): TokenizerJSON {
    return { format: 'gradlet-tokenizer', version: 1, ...this.options, tokens: this.vocabulary.slice(firstToken) };
  }

  private setTokens(tokens: readonly string[]): void {
    this.tokens = ['', this.options.outOfVocabularyToken, ...tokens];
    this.ids = new Map(tokens.map((token, index) => [token, index + firstToken]));
  }

  private idsOf(tokens: readonly string[]): Int32Array {
    const ids = this.ids ?? noVocabulary();
    return Int32Array.from(tokens, (token) => ids.get(token) ?? outOfVocabulary);
  }

  private *splitAll(caller: string, texts: Iterable<string>): Iterable<string[]> {
    if (typeof texts === 'string') {
      throw new DTypeError(`tokenizer.${caller}: takes a list of texts, not one text: give [text]`);
    }
    if (typeof (texts as Partial<Iterable<string>> | null | undefined)?.[Symbol.iterator] !== 'function') {
      throw new DTypeError(`tokenizer.${caller}: takes a list of texts, not ${describe(texts)}`);
    }
    let index = 0;
    for (const text of texts) yield this.split(caller, `texts[${index++}]`, text);
  }

  private split(caller: string, name: string, text: string): string[] {
    if (typeof text !== 'string') {
      throw new DTypeError(
        `tokenizer.${caller}: ${name} must be a text, not ${describe(text)}: leave it out, or give ''`,
      );
    }
    const { lowercase, punctuation, split } = this.options;
    const cased = lowercase ? text.toLowerCase() : text;
    if (split === 'character') return splitCharacters(cased, punctuation === 'keep');
    // Normalizes the spelling: accents are composed with their letters, and the typographic apostrophe becomes ASCII.
    return splitWords(cased.normalize('NFC').replaceAll('\u2019', "'"), punctuation === 'keep');
  }
}

function noVocabulary(): never {
  throw new StateError('tokenizer: it has no vocabulary yet: call fit(texts), or read one with tokenizerFromJSON()');
}

/**
 * Creates a tokenizer. `fit` builds its vocabulary; `encode` returns the token ids of a text. Id 0 is padding, id 1 stands for
 * tokens outside the vocabulary, and ids from 2 on are the tokens in order of decreasing frequency.
 *
 * @throws ValueError for an invalid option
 * @example
 * const words = tokenizer({ maxTokens: 10_000 }).fit(trainingTexts);
 * const x = padSequences(words.encodeAll(trainingTexts), { length: 100, padding: 'post' });
 */
export function tokenizer(options: TokenizerOptions = {}): Tokenizer {
  checkCount('tokenizer', arguments, 'options');
  return new Tokenizer(options);
}
