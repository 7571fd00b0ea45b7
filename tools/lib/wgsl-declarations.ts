/**
 * Module-scope declarations of a shader, for includes: detects names that are declared twice, and removes included
 * declarations that the shader does not use.
 */
import type { SourceLine } from './wgsl-include.ts';
import type { Token } from './wgsl-tokens.ts';
import { ShaderError, tokenizeWgsl } from './wgsl-tokens.ts';

interface Declaration {
  readonly kind: string;
  readonly name: string;
  readonly isEntry: boolean;
  /** Its tokens. */
  readonly tokens: readonly Token[];
}

const closingSigns: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/** Expects valid WGSL. */
function declarationsOf(tokens: readonly Token[]): Declaration[] {
  const found: Declaration[] = [];
  const text = (at: number): string => tokens[at]?.text ?? '';
  /** The index of the sign that closes the bracket at `at`. */
  const closing = (at: number): number => {
    const [open, close] = [text(at), closingSigns[text(at)]];
    let depth = 0;
    for (let i = at; i < tokens.length; i++) {
      if (text(i) === open) depth++;
      else if (text(i) === close && --depth === 0) return i;
    }
    return tokens.length;
  };
  const next = (sign: string, from: number): number => {
    let at = from;
    while (at < tokens.length && text(at) !== sign) at = text(at) in closingSigns ? closing(at) + 1 : at + 1;
    return at;
  };
  for (let at = 0; at < tokens.length;) {
    if (tokens[at]!.kind === 'marker' || text(at) === ';') {
      at++;
      continue;
    }
    const start = at;
    let isEntry = false;
    while (text(at) === '@') {
      isEntry ||= text(at + 1) === 'compute';
      at = text(at + 2) === '(' ? closing(at + 2) + 1 : at + 2;
    }
    const kind = text(at);
    const hasBody = kind === 'fn' || kind === 'struct';
    const name =
      text(at + 1) === '<' ? text(tokens.findIndex((token, i) => i > at && token.text === '>') + 1) : text(at + 1);
    at = hasBody ? next('{', at) : next(';', at);
    if (hasBody) at = closing(at);
    at++;
    found.push({ kind, name, isEntry, tokens: tokens.slice(start, at) });
  }
  return found;
}

const named = /^(fn|struct|alias|const|override|var)$/;

/**
 * Removes included declarations that the shader does not use; lines keep their numbers. Functions in a block `helpers`
 * stay, because the build turns them into constants. Expects valid WGSL.
 *
 * @throws ShaderError for a name that is declared twice, and for a function of the shader itself that is never called
 */
export function dropUnused(text: string, whereIs: (line: number) => SourceLine, ownFile: string): string {
  const lineOf = (token: Token): number => text.slice(0, token.at).split('\n').length;
  const byName = new Map<string, Declaration>();
  const all = declarationsOf(tokenizeWgsl(text)).filter(({ kind }) => named.test(kind));
  for (const declaration of all) {
    const first = byName.get(declaration.name);
    if (first) {
      const { file, line } = whereIs(lineOf(first.tokens[0]!));
      const again = lineOf(declaration.tokens[0]!);
      throw new ShaderError(`'${declaration.name}' is declared already, at shaders/${file}:${line}`, again);
    }
    byName.set(declaration.name, declaration);
  }
  const isOwn = ({ tokens }: Declaration): boolean => whereIs(lineOf(tokens[0]!)).file === ownFile;
  const isRoot = (declaration: Declaration): boolean =>
    declaration.isEntry ||
    declaration.tokens[0]!.block === 'helpers' ||
    (declaration.kind !== 'fn' && isOwn(declaration));
  const used = new Set(all.filter(isRoot));
  for (const { tokens } of used) {
    for (const { kind, text: word } of tokens) {
      const target = kind === 'word' ? byName.get(word) : undefined;
      if (target) used.add(target);
    }
  }
  let kept = text;
  for (const declaration of all.filter((each) => !used.has(each)).reverse()) {
    const { tokens, name } = declaration;
    if (isOwn(declaration)) {
      const message = `nothing calls '${name}'. Delete it, or name it in the default of the block whose texts call it`;
      throw new ShaderError(message, lineOf(tokens[0]!));
    }
    const [start, last] = [tokens[0]!.at, tokens.at(-1)!];
    const dropped = text.slice(start, last.at + last.text.length);
    kept = kept.slice(0, start) + dropped.replace(/[^\n]/g, '') + kept.slice(start + dropped.length);
  }
  return kept;
}
