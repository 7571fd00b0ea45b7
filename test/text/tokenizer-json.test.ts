/** Saving and loading tokenizers, and invalid files. */
import { describe, expect, it } from 'vitest';
import { tokenizerFromJSON } from '../../src/text/tokenizer-json.ts';
import { tokenizer } from '../../src/text/tokenizer.ts';
import type { TokenizerOptions } from '../../src/text/tokenizer.ts';
import { thrown } from '../support/models.ts';

const texts = ['The cat sat. The dog sat!', 'A cat', '漢字 😀 __proto__ \ud800'];

describe('a file', () => {
  it.each<TokenizerOptions>([
    {},
    { maxTokens: 5 },
    { split: 'character', lowercase: false },
    { punctuation: 'keep', outOfVocabularyToken: '<unk>' },
  ])('of %j gives the same tokenizer', (options) => {
    const before = tokenizer(options).fit(texts);
    const after = tokenizerFromJSON(JSON.stringify(before));
    expect(after.toJSON()).toEqual(before.toJSON());
    expect(after.vocabulary).toEqual(before.vocabulary);
    expect(after.encode('The cat, the 漢 \u2764')).toEqual(before.encode('The cat, the 漢 \u2764'));
    expect(tokenizerFromJSON(before.toJSON()).vocabulary).toEqual(before.vocabulary);
  });

  const good = tokenizer({ maxTokens: 5 }).fit(texts).toJSON();

  it.each([
    ['{', /the JSON is not well formed at character 1: expected a string$/],
    ['7', /there is no JSON object$/],
    [null, /there is no JSON object/],
    [[], /format is undefined, expected "gradlet-tokenizer"/],
    [{ ...good, version: 2 }, /version is 2, expected 1/],
    [Object.create(good), /format is undefined/],
    [{ ...good, tokens: undefined }, /tokens is missing/],
    [{ ...good, lowercase: 'yes' }, /tokenizer: lowercase must be true or false, not 'yes'/],
    [{ ...good, split: 'word ' }, /tokenizer: split must be 'word' or 'character', not 'word '/],
    [{ ...good, punctuation: {} }, /tokenizer: punctuation must be/],
    [{ ...good, outOfVocabularyToken: '' }, /outOfVocabularyToken must be a string that is not empty/],
    [{ ...good, tokens: 'abc' }, /tokens is string, expected a list of texts/],
    [{ ...good, maxTokens: 2.5, tokens: [] }, /maxTokens must be an integer ≥ 3/],
    [{ ...good, maxTokens: '5' }, /maxTokens must be an integer ≥ 3/],
    [{ ...good, maxTokens: 4 }, /there are 3 tokens, at most 2 fit maxTokens 4/],
    [{ ...good, tokens: ['a', 1] }, /tokens\[1\] is 1, expected a text/],
    [{ ...good, tokens: ['a', ['b']] }, /tokens\[1\] is a list, expected a text/],
    [{ ...good, tokens: ['a', 'b', 'a'] }, /tokens\[2\] is "a", which is there already/],
    [{ ...good, tokens: [''] }, /tokens\[0\] is "", which/],
    [{ ...good, tokens: ['[UNK]'] }, /tokens\[0\] is "\[UNK\]", which/],
    [{ ...good, extra: 1 }, /there is an unknown field "extra"/],
    [JSON.stringify(good).replace('{', '{"version":2,'), /key 'version' is given twice/],
    [JSON.stringify(good).replace('"tokens":', '"tokens":["x"],"tokens":'), /key 'tokens' is given twice/],
    [JSON.stringify(good).replace('{', '{"__proto__":{},'), /there is an unknown field "__proto__"/],
    [`{"__proto__":${JSON.stringify(good)}}`, /format is undefined/],
    [JSON.stringify(good).replace(/"tokens":.*/, `"tokens":${'['.repeat(100)}`), /nested more than 64 deep/],
    [JSON.stringify(good).replace('"maxTokens":5', '"maxTokens":1e999'), /beyond the range of float64/],
  ])('that is none is refused: %j', (file, message) => {
    expect(thrown(() => tokenizerFromJSON(file))).toMatch(message);
    expect(thrown(() => tokenizerFromJSON(file))).toMatch(/^FormatError: tokenizer file: /);
  });
});
