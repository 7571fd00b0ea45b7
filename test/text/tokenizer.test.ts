/** Vocabularies and token ids, round trips of arbitrary text, and errors. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenizer } from '../../src/text/tokenizer.ts';
import { thrown } from '../support/models.ts';

const texts = ['The cat sat. The dog sat!', 'A cat', ''];

describe('a vocabulary', () => {
  it('has padding, out of vocabulary, then the most frequent, equally frequent ones as they first occur', () => {
    const { vocabulary, vocabularySize } = tokenizer().fit(texts);
    expect(vocabulary).toEqual(['', '[UNK]', 'the', 'cat', 'sat', 'dog', 'a']);
    expect(vocabularySize).toBe(7);
  });

  it('is cut off at maxTokens', () => {
    const small = tokenizer({ maxTokens: 4 }).fit(texts);
    expect(small.vocabulary).toEqual(['', '[UNK]', 'the', 'cat']);
    expect([...small.encode('the cat sat')]).toEqual([2, 3, 1]);
  });

  it('takes words that objects have already, and texts that come one by one', () => {
    function* lines(): Iterable<string> {
      yield '__proto__ constructor';
      yield 'toString constructor';
    }
    expect(tokenizer().fit(lines()).vocabulary.slice(2)).toEqual(['constructor', 'proto', 'tostring']);
    expect([...tokenizer().fit(['a']).encode('constructor valueOf')]).toEqual([1, 1]);
  });

  it('is made anew by a second fit', () => {
    expect(tokenizer().fit(['a b']).fit(['c']).vocabulary).toEqual(['', '[UNK]', 'c']);
    expect(tokenizer().fit([]).vocabulary).toEqual(['', '[UNK]']);
  });

  it('keeps the case and the punctuation when told to', () => {
    const kept = tokenizer({ lowercase: false, punctuation: 'keep' }).fit(['Free, FREE!!']);
    expect(kept.vocabulary.slice(2)).toEqual(['!', 'Free', ',', 'FREE']);
  });

  it('has one spelling of a word', () => {
    const { vocabulary } = tokenizer().fit(["caf\u00e9 cafe\u0301 don't don\u2019t"]);
    expect(vocabulary.slice(2)).toEqual(['caf\u00e9', "don't"]);
  });

  it('leaves a word out that is spelt as the token for unknown ones', () => {
    const own = tokenizer({ outOfVocabularyToken: 'unk' }).fit(['unk a unk']);
    expect(own.vocabulary).toEqual(['', 'unk', 'a']);
    expect([...own.encode('a unk b')]).toEqual([2, 1, 1]);
  });

  it('of characters, for a model that writes', () => {
    const letters = tokenizer({ split: 'character', lowercase: false }).fit(['Call me Ishmael.\n']);
    expect(letters.vocabulary.slice(2, 6)).toEqual(['l', 'a', ' ', 'm']);
    expect(letters.decode(letters.encode('Ishmael me.\nC'))).toBe('Ishmael me.\nC');
    expect(letters.decode(letters.encode('aXe'))).toBe('a[UNK]e');
  });
});

describe('encoding', () => {
  const fitted = tokenizer().fit(texts);

  it('gives int32, 1 for what is unknown, nothing for nothing', () => {
    expect(fitted.encode('The bird, the CAT')).toEqual(Int32Array.of(2, 1, 2, 3));
    expect(fitted.encode('')).toEqual(new Int32Array(0));
    expect(fitted.encodeAll(['a', '', '?'])).toEqual([Int32Array.of(6), new Int32Array(0), new Int32Array(0)]);
  });

  it('is undone but for spaces, punctuation and what is unknown', () => {
    expect(fitted.decode(fitted.encode('The bird & the cat!'))).toBe('the [UNK] the cat');
    expect(fitted.decode([0, 0, 3, 0])).toBe('cat');
  });

  it('stays inside the vocabulary, and of characters gives any text back', () => {
    const any = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(any), any, (known, text) => {
        const others = tokenizer().fit(known);
        for (const number of others.encode(text)) {
          expect(number >= 1 && number < others.vocabularySize).toBe(true);
        }
        const own = tokenizer({ split: 'character', lowercase: false }).fit([text]);
        expect(own.decode(own.encode(text))).toBe(text.replace(/\p{Surrogate}/gu, '\ufffd'));
      }),
    );
  });

  it('takes linear time for a long text', { timeout: 20_000 }, () => {
    const long = 'one two three '.repeat(300_000);
    const numbers = tokenizer().fit([long]).encode(long);
    expect([numbers.length, numbers.at(-1)]).toEqual([900_000, 4]);
  });
});

describe('mistakes', () => {
  const none = null as unknown as string;
  it.each([
    [
      () => tokenizer({ maxTokens: 2 }),
      'ValueError: tokenizer: maxTokens must be an integer ≥ 3, as 0 and 1 are padding',
    ],
    [() => tokenizer({ split: 'letter' as 'word' }), "ValueError: tokenizer: split must be 'word' or 'character'"],
    [() => tokenizer({ outOfVocabularyToken: '' }), 'outOfVocabularyToken must be a string that is not empty'],
    [() => tokenizer().encode('a'), 'StateError: tokenizer: it has no vocabulary yet: call fit(texts)'],
    [() => tokenizer().toJSON(), 'StateError: tokenizer: it has no vocabulary yet'],
    [() => tokenizer().fit('abc'), 'DTypeError: tokenizer.fit: takes a list of texts, not one text: give [text]'],
    [() => tokenizer().fit(['a', none]), 'DTypeError: tokenizer.fit: texts[1] must be a text, not null: leave it out'],
    [() => tokenizer().fit(['a']).encode(none), 'DTypeError: tokenizer.encode: text must be a text, not null'],
    [
      () => tokenizer().fit(['a']).decode([2, 3]),
      "ValueError: tokenizer.decode: indices[1] is 3, expected a token's number from 0 to 2",
    ],
    [() => tokenizer().fit(['a']).decode([1.5]), 'ValueError: tokenizer.decode: indices[0] is 1.5'],
  ])('%s', (action, message) => {
    expect(thrown(action)).toContain(message);
  });
});
