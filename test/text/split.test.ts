/** Splitting texts: scripts, emoji, malformed text, and texts of many megabytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCharacters, splitWords } from '../../src/text/split.ts';

const words = (text: string): string[] => splitWords(text, false);

describe('words', () => {
  it.each([
    ['', []],
    [' \t\n\u00a0\u3000', []],
    ['Hello, world!', ['Hello', 'world']],
    ["don't say 'no'", ["don't", 'say', 'no']],
    ["'", []],
    ["o'", ['o']],
    ["rock'n'roll", ["rock'n'roll"]],
    ['3.14, 1,000,000. 5.', ['3.14', '1,000,000', '5']],
    ['end.Next a.b x2 2x 2.x', ['end', 'Next', 'a', 'b', 'x2', '2x', '2', 'x']],
    ['snake_case a@b.org', ['snake', 'case', 'a', 'b', 'org']],
    ['naïve cafe\u0301 Ünïcödé', ['naïve', 'cafe\u0301', 'Ünïcödé']],
    ['Привет мир, γειά σου', ['Привет', 'мир', 'γειά', 'σου']],
    ['नमस्ते दुनिया', ['नमस्ते', 'दुनिया']],
    ['می\u200cخواهم', ['می\u200cخواهم']],
    ['한국어 문장', ['한국어', '문장']],
    ['我爱你。', ['我', '爱', '你']],
    ['東京タワーへ行く', [...'東京タワーへ行く']],
    ['か\u3099 and GPUで', ['か\u3099', 'and', 'GPU', 'で']],
    ['𠮷野家', ['𠮷', '野', '家']], // the first code point is above 2^16
    ['𝒜𝒷 letters', ['𝒜𝒷', 'letters']],
  ])('of %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
  const coder = '\u{1f469}\u{1f3fe}\u200d\u{1f4bb}';
  const england = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';

  it.each([
    ['😀😀ok', ['😀', '😀', 'ok']],
    ['hi\u{1f44b}\u{1f3fd}!', ['hi', '\u{1f44b}\u{1f3fd}']],
    [`${family} ${coder}${coder}`, [family, coder, coder]],
    ['\u2764\ufe0f\u2764', ['\u2764\ufe0f', '\u2764']],
    ['🇯🇵🇩🇪🇫', ['🇯🇵', '🇩🇪', '🇫']],
    [`${england}x`, [england, 'x']],
    ['5\ufe0f\u20e3 of', ['5\ufe0f\u20e3', 'of']],
    ['\u200d😀\u200d', ['😀\u200d']], // joiners without a neighbour
  ])('emoji whole: %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it('part at lone surrogates and control characters', () => {
    expect(words('a\ud800b\udfffc\u0000d')).toEqual(['a', 'b', 'c', 'd']);
    expect(words('\ud83d')).toEqual([]);
  });

  it('and each punctuation mark or symbol, when asked', () => {
    const expected = ['Win', '$', '1,000', 'now', '!', '!', '(', 'really', ')'];
    expect(splitWords('Win $1,000 now!! (really)', true)).toEqual(expected);
    expect(splitWords('#\ufe0f\u20e3', true)).toEqual(['#\ufe0f\u20e3']);
  });

  it('are unbroken pieces of any text in their order, and no letter or digit lies between them', () => {
    const unit = fc.oneof(
      fc.constantFrom(..."a1.,'’ é漢カー한😀", '\u{1f3fd}', '\u200d', '\ufe0f', '🇯', '\ud800'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const text = fc.array(unit).map((units) => units.join(''));
    fc.assert(
      fc.property(text, fc.boolean(), (given, symbols) => {
        const lost = symbols ? /[\p{L}\p{N}\p{P}]/u : /[\p{L}\p{N}]/u;
        let at = 0;
        for (const word of splitWords(given, symbols)) {
          const next = given.indexOf(word, at);
          expect(next).toBeGreaterThanOrEqual(at);
          expect(given.slice(at, next)).not.toMatch(lost);
          at = next + word.length;
        }
        expect(given.slice(at)).not.toMatch(lost);
      }),
      { numRuns: 500 },
    );
  });
});

describe('characters', () => {
  it('are code points, white space too; a lone surrogate becomes U+FFFD', () => {
    expect(splitCharacters('Hé 😀\n漢', true)).toEqual(['H', 'é', ' ', '😀', '\n', '漢']);
    expect(splitCharacters('a\ud800b\udc00', true)).toEqual(['a', '\ufffd', 'b', '\ufffd']);
    expect(splitCharacters('', true)).toEqual([]);
  });

  it('without punctuation, when asked', () => {
    expect(splitCharacters('Oh, $5!', false).join('')).toBe('Oh 5');
  });
});

describe('a text of ten million code units', () => {
  /** Measured: at most 0.6 s. A regular expression overflows its stack here, and a quadratic loop takes days. */
  it.each([
    ['one word', 'a', 1],
    ['one word with apostrophes', "a'", 1],
    ['marks alone', '\u0301', 0],
    ['one emoji', '\u2764\u200d', 1],
    ['points', '.', 0],
  ])('%s takes linear time and no stack', { timeout: 20_000 }, (_, unit, expected) => {
    expect(splitWords(unit.repeat(10_000_000 / unit.length), false)).toHaveLength(expected);
  });
});
