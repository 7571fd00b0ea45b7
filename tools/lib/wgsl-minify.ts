/**
 * Minifies WGSL: shaders/*.wgsl → here → src/generated/shaders/*.ts. Removes comments and whitespace, shortens numbers
 * and types, and gives short names to identifiers that only the shader uses (`wgsl-names.ts`).
 */
import { chooseNames, rename } from './wgsl-names.ts';
import type { ShortNames } from './wgsl-names.ts';
import type { Token } from './wgsl-tokens.ts';
import { tokenizeWgsl } from './wgsl-tokens.ts';

/**
 * Whether two adjacent tokens would merge without whitespace between them. Whitespace at a marker stays, because other
 * text may replace the block.
 */
function needsBlank(written: string, next: string): boolean {
  if (written.endsWith('*/') || next.startsWith('/*')) return true;
  const [before, after] = [written.at(-1)!, next[0]!];
  const word = /[\w\u0080-\uffff]/;
  const operator = /[-+*/%&|^~!<>=]/;
  if (before === '.' || after === '.') return word.test(before) || word.test(after);
  return (word.test(before) && word.test(after)) || (operator.test(before) && operator.test(after));
}

/** `0.50` → `.5`, `2.0` → `2.`: the same value and type. Exponents and hexadecimal numbers are unchanged. */
function shortNumber(text: string): string {
  if (!/^\d+\.\d*$/.test(text)) return text;
  const short = text.replace(/^0+(?=\d)/, '').replace(/0+$/, '');
  return short === '0.' ? short : short.replace(/^0\./, '.');
}

/** `vec3<u32>` → `vec3u`. */
function shortType(tokens: readonly Token[], at: number): Token | undefined {
  const [type, open, element, close] = tokens.slice(at, at + 4).map(({ text }) => text);
  if (open !== '<' || close !== '>' || !/^(f32|i32|u32|f16)$/.test(element!)) return undefined;
  if (!/^vec[234]$/.test(type!) && !(/^mat[234]x[234]$/.test(type!) && element!.startsWith('f'))) return undefined;
  return { ...tokens[at]!, text: `${type!}${element === 'f16' ? 'h' : element![0]!}` };
}

/** The tokens as written to the output. */
function shorten(tokens: readonly Token[]): Token[] {
  const written: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.text === ',' && /^[)}]$/.test(tokens[i + 1]?.text ?? '')) continue;
    const type = shortType(tokens, i);
    if (type) i += 3;
    written.push(type ?? (token.kind === 'number' ? { ...token, text: shortNumber(token.text) } : token));
  }
  return written;
}

/** `names` apply to all shaders of a bundle; null preserves the original names. */
export function minifyWgsl(text: string, names: ShortNames | null = shortNames([text])): string {
  const tokens = shorten(names ? rename(tokenizeWgsl(text), names) : tokenizeWgsl(text));
  let out = '';
  for (const { text: piece, gap } of tokens) {
    if (gap && out !== '' && needsBlank(out, piece)) out += ' ';
    out += piece;
  }
  return out;
}

/** Short names for the shaders of one bundle. */
export function shortNames(texts: readonly string[]): ShortNames {
  return chooseNames(texts.map((text) => tokenizeWgsl(text)));
}
