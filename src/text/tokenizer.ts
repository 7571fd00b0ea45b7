/**
 * From texts to numbers: a vocabulary counted from texts, and the numbers of a text's tokens in it. In the manner of
 * Keras's `TextVectorization` and `Tokenizer`; `padSequences` makes a tensor of what comes out. On the host, before
 * anything is trained.
 */
import { arrayOf, boolean, checkCount, checkOptions, checkValue, integer, oneOf, string } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { markRaw } from '../core/raw.ts';
import { DTypeError, StateError, ValueError } from '../core/errors.ts';
import { splitCharacters, splitWords } from './split.ts';

export interface TokenizerOptions {
  /** The vocabulary's size at most, padding and the out-of-vocabulary token included. Default: no limit. */
  readonly maxTokens?: number;
  /** Whether `The` and `the` are one token. Default true. */
  readonly lowercase?: boolean;
  /** Whether punctuation and symbols are tokens of their own. Default `remove` for words, `keep` for characters. */
  readonly punctuation?: 'remove' | 'keep';
  /** Words, where each Han, Hiragana or Katakana character is one; or characters, by code points. Default `word`. */
  readonly split?: 'word' | 'character';
  /** What `decode` writes for number 1. A token of this spelling is itself out of the vocabulary. Default `[UNK]`. */
  readonly outOfVocabularyToken?: string;
}

/** What `toJSON` gives and `tokenizerFromJSON` reads. */
export interface TokenizerJSON {
  readonly format: 'gradlet-tokenizer';
  readonly version: 1;
  /** null: no limit. */
  readonly maxTokens: number | null;
  readonly lowercase: boolean;
  readonly punctuation: 'remove' | 'keep';
  readonly split: 'word' | 'character';
  readonly outOfVocabularyToken: string;
  /** From number 2 on. */
  readonly tokens: readonly string[];
}

/** The numbers that are the same in every vocabulary. */
const padding = 0;
const outOfVocabulary = 1;
const firstToken = 2;

/** Made by `tokenizer()`. */
export class Tokenizer {
  private readonly options: Omit<TokenizerJSON, 'format' | 'version' | 'tokens'>;
  /** Every token by its number: `''` for padding, the out-of-vocabulary token, then the most frequent first. */
  private tokens: readonly string[] | undefined;
  private numbers: ReadonlyMap<string, number> | undefined;

  /** @param tokens of a vocabulary that is known already, from number 2 on */
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
   * Makes the vocabulary of the tokens of `texts`, the most frequent first, equally frequent ones as they first occur.
   * A vocabulary of before is forgotten. Give the texts to train on alone: what the others hold is not to be known.
   *
   * @throws DTypeError for anything but texts
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

  /** The numbers of the tokens of `text`: 1 for one that is not in the vocabulary; empty for an empty text. */
  encode(text: string): Int32Array {
    checkCount('tokenizer.encode', arguments, 'text');
    return this.numbersOf(this.split('encode', 'text', text));
  }

  /** `encode` of each text. */
  encodeAll(texts: Iterable<string>): Int32Array[] {
    checkCount('tokenizer.encodeAll', arguments, 'texts');
    return Array.from(this.splitAll('encodeAll', texts), (tokens) => this.numbersOf(tokens));
  }

  /**
   * The tokens of these numbers as a text: words with a space between them, characters with none. Padding is left out.
   *
   * @throws ValueError for a number that is not in the vocabulary
   */
  decode(indices: ArrayLike<number>): string {
    checkCount('tokenizer.decode', arguments, 'indices');
    if (typeof indices !== 'object' || indices === null || !Number.isInteger(indices.length)) {
      throw new DTypeError(`tokenizer.decode: takes an array of numbers, not ${describe(indices)}`);
    }
    const { vocabulary } = this;
    const found: string[] = [];
    for (let place = 0; place < indices.length; place++) {
      const index = indices[place]!;
      const token = Number.isInteger(index) ? vocabulary[index] : undefined;
      if (token === undefined) {
        throw new ValueError(
          `tokenizer.decode: indices[${place}] is ${describe(index)}, expected a token's number from 0 to ${vocabulary.length - 1}`,
        );
      }
      if (index !== padding) found.push(token);
    }
    return found.join(this.options.split === 'word' ? ' ' : '');
  }

  /** Every token by its number: `''` for padding, then the out-of-vocabulary token. Throws `StateError` before `fit`. */
  get vocabulary(): readonly string[] {
    return this.tokens ?? noVocabulary();
  }

  /** How many numbers there are: an embedding's `inputDim`. */
  get vocabularySize(): number {
    return this.vocabulary.length;
  }

  /** Settings and vocabulary as plain data: `JSON.stringify(tokenizer)` gives what `tokenizerFromJSON` reads. */
  toJSON(): TokenizerJSON {
    return { format: 'gradlet-tokenizer', version: 1, ...this.options, tokens: this.vocabulary.slice(firstToken) };
  }

  private setTokens(tokens: readonly string[]): void {
    this.tokens = ['', this.options.outOfVocabularyToken, ...tokens];
    this.numbers = new Map(tokens.map((token, index) => [token, index + firstToken]));
  }

  private numbersOf(tokens: readonly string[]): Int32Array {
    const numbers = this.numbers ?? noVocabulary();
    return Int32Array.from(tokens, (token) => numbers.get(token) ?? outOfVocabulary);
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
    // One spelling of each word: an accent as part of its letter, and the typewriter's apostrophe.
    return splitWords(cased.normalize('NFC').replaceAll('\u2019', "'"), punctuation === 'keep');
  }
}

function noVocabulary(): never {
  throw new StateError('tokenizer: it has no vocabulary yet: call fit(texts), or read one with tokenizerFromJSON()');
}

/**
 * A tokenizer: `fit` makes its vocabulary, `encode` gives the numbers of a text's tokens. Number 0 is padding, 1 a token
 * that is not in the vocabulary, and from 2 on come the tokens by frequency.
 *
 * @throws ValueError for a setting that is none
 * @example
 * const words = tokenizer({ maxTokens: 10_000 }).fit(trainingTexts);
 * const x = padSequences(words.encodeAll(trainingTexts), { length: 100, padding: 'post' });
 */
export function tokenizer(options: TokenizerOptions = {}): Tokenizer {
  checkCount('tokenizer', arguments, 'options');
  return new Tokenizer(options);
}
