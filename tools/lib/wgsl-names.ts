/**
 * Short names for shader declarations: one table for all shaders, ordered by frequency, so that common text stays
 * common and compresses well.
 *
 * A name has one meaning throughout a file and every name gets a different short name, so scopes can be ignored.
 * Preserved are names that are known outside the file or have a meaning without a declaration: entry points, overrides
 * (pipeline constants are passed by name), WGSL's predeclared names, members that look like vector components, and
 * every name in a marked block, because other text may replace it. In a block that contains whole functions, only the
 * functions' local names are renamed.
 */
import type { Token } from './wgsl-tokens.ts';

/** Original name → short name. */
export type ShortNames = ReadonlyMap<string, string>;

const swizzle = /^([xyzw]{1,4}|[rgba]{1,4})$/;
const predeclaredType =
  /^(bool|[fiu](16|32)|vec[234][fhiu]?|mat[234]x[234][fh]?|array|atomic|ptr|(sampler|texture)\w*)$/;
/** Keywords and reserved words that are short enough to be generated here. */
const shortWords = new Set(['as', 'do', 'fn', 'if', 'in', 'is', 'of', 'or']);

interface FileNames {
  /** May be renamed in this file. */
  readonly free: ReadonlySet<string>;
  readonly words: ReadonlyMap<string, number>;
}

/** The declarations in a file's tokens, and which names must be preserved. */
function analyze(tokens: readonly Token[]): FileNames {
  const code = tokens.filter(({ kind }) => kind !== 'marker');
  const declared = new Set<string>();
  const kept = new Set<string>();
  const words = new Map<string, number>();
  const text = (at: number): string => code[at]?.text ?? '';
  const callable = new Set(code.flatMap((_, i) => (/^(fn|struct|alias)$/.test(text(i)) ? [text(i + 1)] : [])));
  /** The sign that closes the bracket at `at`. */
  const closing = (at: number): number => {
    const pair = { '(': ')', '{': '}', '<': '>' }[text(at)];
    let depth = 0;
    for (let i = at; i < code.length; i++) {
      if (text(i) === text(at)) depth++;
      else if (text(i) === pair && --depth === 0) return i;
    }
    return code.length - 1;
  };
  const keepRange = (from: number, to: number): void => {
    for (let i = from; i <= to; i++) if (code[i]!.kind === 'word') kept.add(text(i));
  };
  /** Names before a colon: parameters, and members of a struct. */
  const declareNames = (from: number, to: number): string[] => {
    const names: string[] = [];
    for (let i = from; i < to; i++) {
      if (code[i]!.kind === 'word' && text(i + 1) === ':') names.push(text(i));
    }
    for (const name of names) declared.add(name);
    return names;
  };
  /** Names declared inside a function. */
  const locals = new Map<Token, ReadonlySet<string>>();

  let isEntry = false;
  for (let i = 0; i < code.length; i++) {
    const { kind } = code[i]!;
    if (kind === 'word' && text(i - 1) !== '@') words.set(text(i), (words.get(text(i)) ?? 0) + 1);
    if (text(i) === '@') {
      const name = text(i + 1);
      if (name === 'compute') isEntry = true;
      if (name === 'builtin' || name === 'diagnostic') keepRange(i + 2, closing(i + 2));
    }
    if (kind !== 'word' || text(i - 1) === '@') continue;
    if (/^(enable|requires|diagnostic)$/.test(text(i))) {
      for (let end = i; end < code.length && text(end) !== ';'; end++) keepRange(end, end);
    }
    if (text(i - 1) === '.') {
      if (swizzle.test(text(i))) kept.add(text(i));
    } else if (text(i) === 'fn') {
      const parameters = i + 2;
      const bodyStart = code.findIndex((token, at) => at > closing(parameters) && token.text === '{');
      const end = closing(bodyStart);
      declared.add(text(i + 1));
      if (isEntry) kept.add(text(i + 1));
      isEntry = false;
      const own = new Set(declareNames(parameters, closing(parameters)));
      for (let at = bodyStart; at < end; at++) {
        if (/^(let|var|const)$/.test(text(at))) own.add(text(text(at + 1) === '<' ? closing(at + 1) + 1 : at + 1));
      }
      const { block } = code[i]!;
      if (block !== null && block === code[end]!.block) for (let at = i; at <= end; at++) locals.set(code[at]!, own);
    } else if (text(i) === 'struct' || text(i) === 'alias') {
      declared.add(text(i + 1));
      if (text(i) === 'struct') declareNames(i + 2, closing(i + 2));
    } else if (text(i) === 'override') {
      kept.add(text(i + 1));
    } else if (/^(let|var|const)$/.test(text(i))) {
      const end = text(i + 1) === '<' ? closing(i + 1) : i;
      keepRange(i, end);
      declared.add(text(end + 1));
    }
    // A builtin function, although a variable has the same name.
    if (text(i + 1) === '(' && !callable.has(text(i))) kept.add(text(i));
  }
  for (const token of code) {
    if (token.kind === 'word' && token.block !== null && !locals.get(token)?.has(token.text)) kept.add(token.text);
  }
  const free = [...declared].filter((name) => name.length > 1 && !kept.has(name) && !predeclaredType.test(name));
  return { free: new Set(free), words };
}

/** `a` … `Z`, then two letters. */
function* candidates(): Generator<string> {
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  yield* letters;
  for (const first of letters) for (const second of letters) yield first + second;
}

/** Short names for several files together. */
export function chooseNames(files: readonly (readonly Token[])[]): ShortNames {
  const uses = new Map<string, number>();
  const taken = new Set(shortWords);
  for (const { free, words } of files.map(analyze)) {
    for (const [name, count] of words) {
      if (free.has(name)) uses.set(name, (uses.get(name) ?? 0) + count);
      // A two-letter name may be preserved, so no other name may get it.
      if (!free.has(name) || name.length < 3) taken.add(name);
    }
  }
  const byUse = [...uses].sort(([a, usesA], [b, usesB]) => usesB - usesA || (a < b ? -1 : 1));
  const names = new Map<string, string>();
  const short = candidates();
  for (const [name] of byUse) {
    let next = short.next().value as string;
    while (taken.has(next)) next = short.next().value as string;
    if (next.length < name.length) names.set(name, next);
  }
  return names;
}

/** The tokens of one of the files with names replaced. */
export function rename(tokens: readonly Token[], names: ShortNames): Token[] {
  const { free } = analyze(tokens);
  return tokens.map((token, index) => {
    const isAttribute = tokens[index - 1]?.text === '@';
    const name = token.kind === 'word' && !isAttribute && free.has(token.text) ? names.get(token.text) : undefined;
    return name === undefined ? token : { ...token, text: name };
  });
}
