/**
 * Where a text is cut into tokens: words, or characters. First in the way of text: what comes out is counted and numbered
 * by the tokenizer. A loop over code points and not a regular expression, because those overflow their stack on a word
 * of some million letters (a mail with an attachment in it), and this takes linear time whatever the text.
 */

/** What a code point is to the splitter. */
const kinds = { separator: 0, letter: 1, digit: 2, ideograph: 3, extend: 4, emoji: 5, flag: 6, symbol: 7 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

/** The first that matches counts. Katakana's long-vowel marks belong to no script, so they are named. */
const patterns: readonly (readonly [Kind, RegExp])[] = [
  [kinds.ideograph, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\uff70]/u],
  // Marks, joiners, skin tones and the letters of a flag's tag: never the beginning of anything.
  [kinds.extend, /\p{M}|\u200c|\u200d|[\u{1f3fb}-\u{1f3ff}]|[\u{e0020}-\u{e007f}]/u],
  [kinds.digit, /\p{Nd}/u],
  [kinds.letter, /[\p{L}\p{N}]/u],
  [kinds.flag, /\p{Regional_Indicator}/u],
  [kinds.emoji, /\p{Extended_Pictographic}/u],
  [kinds.symbol, /[\p{P}\p{S}]/u],
];

const zeroWidthJoiner = 0x200d;
const apostrophe = /['\u2019]/;
const decimalMark = /[.,]/;

/** Kind + 1 of each code point below 2^16 that was asked for: property escapes are slow to ask. */
let known: Uint8Array | undefined;

function kindOf(codePoint: number): Kind {
  known ??= new Uint8Array(0x10000);
  const found = known[codePoint];
  if (found) return (found - 1) as Kind;
  const character = String.fromCodePoint(codePoint);
  const kind = patterns.find(([, pattern]) => pattern.test(character))?.[0] ?? kinds.separator;
  if (codePoint < known.length) known[codePoint] = kind + 1;
  return kind;
}

const unitsOf = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1);

/**
 * The words of `text`: runs of letters, digits and their marks. An apostrophe between letters and a point or comma
 * between digits stay inside (`don't`, `3.14`). A Han, Hiragana or Katakana character is a word, and so is an emoji with
 * its skin tone, joined parts and flag letters. Lone surrogates and control characters part words.
 *
 * @param symbols true: punctuation and symbols are words of one character; false: they part words
 */
export function splitWords(text: string, symbols: boolean): string[] {
  const words: string[] = [];
  let at = 0;
  const peek = (): Kind => (at < text.length ? kindOf(text.codePointAt(at)!) : kinds.separator);
  const skip = (): number => {
    const codePoint = text.codePointAt(at)!;
    at += unitsOf(codePoint);
    return codePoint;
  };
  /** Passes marks and joiners; true when the last was the joiner that ties emoji. */
  const skipExtend = (): boolean => {
    let last = 0;
    while (peek() === kinds.extend) last = skip();
    return last === zeroWidthJoiner;
  };
  const skipWord = (): void => {
    for (let before: Kind = peek(); ; before = peek()) {
      skip();
      skipExtend();
      if (peek() === kinds.letter || peek() === kinds.digit) continue;
      const between = before === kinds.digit ? decimalMark : apostrophe;
      if (at + 1 >= text.length || !between.test(text[at]!) || kindOf(text.codePointAt(at + 1)!) !== before) return;
      at += 1;
    }
  };
  while (at < text.length) {
    const start = at;
    const kind = peek();
    if (kind === kinds.letter || kind === kinds.digit) {
      skipWord();
    } else {
      skip();
      if (kind === kinds.flag && peek() === kinds.flag) skip();
      while (kind !== kinds.separator && skipExtend() && kind === kinds.emoji && peek() === kinds.emoji) skip();
    }
    const isWord = kind === kinds.symbol ? symbols : kind !== kinds.separator && kind !== kinds.extend;
    if (isWord) words.push(text.slice(start, at));
  }
  return words;
}

/**
 * The code points of `text`, white space included. A lone surrogate, which no file can hold, becomes U+FFFD.
 *
 * @param symbols false: punctuation and symbols are left out
 */
export function splitCharacters(text: string, symbols: boolean): string[] {
  const characters: string[] = [];
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    if (!symbols && kindOf(codePoint) === kinds.symbol) continue;
    characters.push(codePoint >= 0xd800 && codePoint <= 0xdfff ? '\ufffd' : character);
  }
  return characters;
}
