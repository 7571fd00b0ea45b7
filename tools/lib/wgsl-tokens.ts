/**
 * Tokenizes WGSL for the minifier. Removes comments except block markers: the WebGPU backend replaces the text between
 * them.
 */

/** An error in a shader, with its line (counted from 1). */
export class ShaderError extends Error {
  override readonly name: string = 'ShaderError';
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

export interface Token {
  /** A sign is one character, also where an operator has several. */
  readonly kind: 'word' | 'number' | 'sign' | 'marker';
  readonly text: string;
  /** Whether a blank or a comment stands before it. */
  readonly gap: boolean;
  /** The block that it lies in, markers included; null outside. */
  readonly block: string | null;
  /** Its offset in the text. */
  readonly at: number;
}

const openMarker = /\/\*\[([A-Za-z][\w-]*)\*\//y;
const closeMarker = /\/\*([A-Za-z][\w-]*)\]\*\//y;
const blank = /[\s\u0085\u200e\u200f]+|\/\/[^\n\v\f\r\u0085\u2028\u2029]*/y;
const word = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/y;
const number = /0[xX][\da-fA-F]*\.?[\da-fA-F]*(?:[pP][+-]?\d+)?[iufh]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?/y;

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

/** The end of the block comment that starts at `start`; WGSL's block comments nest. */
function blockCommentEnd(text: string, start: number, line: number): number {
  let depth = 0;
  for (let i = start; i < text.length - 1; i++) {
    const pair = text.slice(i, i + 2);
    if (pair !== '/*' && pair !== '*/') continue;
    depth += pair === '/*' ? 1 : -1;
    i++;
    if (depth === 0) return i + 1;
  }
  throw new ShaderError('block comment is never closed', line);
}

/** Throws ShaderError for an unclosed comment or block, or a malformed marker. */
export function tokenizeWgsl(text: string): Token[] {
  const tokens: Token[] = [];
  let open: { name: string; line: number } | null = null;
  let gap = false;
  let line = 1;
  let position = 0;

  const advance = (end: number): void => {
    for (let i = position; i < end; i++) if (text[i] === '\n') line++;
    position = end;
  };
  const add = (kind: Token['kind'], piece: string, block = open?.name ?? null): void => {
    tokens.push({ kind, text: piece, gap, block, at: position });
    gap = false;
    advance(position + piece.length);
  };

  while (position < text.length) {
    const skipped = matchAt(blank, text, position);
    if (skipped) {
      gap = true;
      advance(position + skipped[0].length);
      continue;
    }
    if (!text.startsWith('/*', position)) {
      const found = matchAt(word, text, position);
      const digits = found ? null : matchAt(number, text, position);
      add(found ? 'word' : digits ? 'number' : 'sign', (found ?? digits)?.[0] ?? text[position]!);
      continue;
    }
    const opening = matchAt(openMarker, text, position);
    const closing = matchAt(closeMarker, text, position);
    if (opening) {
      if (open) throw new ShaderError(`block '${opening[1]!}' starts inside block '${open.name}'`, line);
      open = { name: opening[1]!, line };
      add('marker', opening[0]);
    } else if (closing) {
      if (open?.name !== closing[1]) {
        throw new ShaderError(`block '${closing[1]!}' ends here but ${open ? `'${open.name}'` : 'none'} is open`, line);
      }
      open = null;
      add('marker', closing[0], closing[1]!);
    } else if (text.startsWith('/*[', position)) {
      throw new ShaderError('malformed block marker; expected /*[name*/ … /*name]*/', line);
    } else {
      gap = true;
      advance(blockCommentEnd(text, position, line));
    }
  }
  if (open) throw new ShaderError(`block '${open.name}' is never closed with /*${open.name}]*/`, open.line);
  return tokens;
}
