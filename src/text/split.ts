/**
 * Splits text into tokens: words or characters. The splitter loops over code points and takes linear time for any text. A
 * regular expression would overflow its stack on a word of a million letters, such as an attachment in an e-mail.
 */

/** Character classes of the splitter. */
const kinds = { separator: 0, letter: 1, digit: 2, ideograph: 3, extend: 4, emoji: 5, flag: 6, symbol: 7 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

/** The first match decides. The long-vowel marks of Katakana belong to no script, so they are listed explicitly. */
const patterns: readonly (readonly [Kind, RegExp])[] = [
  [kinds.ideograph, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\uff70]/u],
  // Marks, joiners, skin tones and tag characters of flags never start a token.
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

/** Caches kind + 1 per code point below 2^16 (0: not cached yet), because matching property escapes is slow. */
let kindCache: Uint8Array | undefined;

function kindOf(codePoint: number): Kind {
  kindCache ??= new Uint8Array(0x10000);
  const found = kindCache[codePoint];
  if (found) return (found - 1) as Kind;
  const character = String.fromCodePoint(codePoint);
  const kind = patterns.find(([, pattern]) => pattern.test(character))?.[0] ?? kinds.separator;
  if (codePoint < kindCache.length) kindCache[codePoint] = kind + 1;
  return kind;
}

const unitsOf = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1);

/**
 * Splits `text` into words: runs of letters, digits and their marks. An apostrophe between letters and a point or comma
 * between digits belong to the word (`don't`, `3.14`). Each Han, Hiragana or Katakana character is a word. An emoji with its
 * skin tone and joined parts is a word, and so is a flag. Lone surrogates and control characters separate words.
 *
 * @param symbols true: each punctuation mark or symbol is a word; false: they only separate words
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
  /** Skips marks and joiners. Returns true when the last one is the zero-width joiner, which combines emoji. */
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
 * Splits `text` into code points, including white space. A lone surrogate, which UTF-8 cannot encode, becomes U+FFFD.
 *
 * @param symbols false: punctuation and symbols are removed
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
