/**
 * Resolves `// #include "name"` in a shader: replaces the line by the text of shaders/include/<name>.wgsl, which may
 * include others. Each file is included once per shader. Lines of the result record their origin, so that errors name
 * the file on disk.
 */
import { dropUnused } from './wgsl-declarations.ts';
import { checkSyntax } from './wgsl-reflect.ts';
import { ShaderError } from './wgsl-tokens.ts';

/** A line of a file, counted from 1. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

export interface ResolvedShader {
  /** The file that includes the others. */
  readonly file: string;
  readonly text: string;
  /** Where each line of the text stands on disk. */
  readonly lines: readonly SourceLine[];
}

const directive = /^\s*\/\/\s*#include\b(.*)$/;
const quotedName = /^\s+"([a-z][a-z0-9-]*)"\s*$/;

/** Error message, as `file:line: message`. */
export class LocatedError extends Error {
  override readonly name: string = 'LocatedError';
}

/** Converts an error in a resolved text to the line on disk. */
export function located({ lines }: Pick<ResolvedShader, 'lines'>, error: unknown): LocatedError {
  if (error instanceof LocatedError) return error;
  const { file, line } = lines[error instanceof ShaderError ? error.line - 1 : 0]!;
  const message = error instanceof Error ? error.message : String(error);
  return new LocatedError(`shaders/${file}:${line}: ${message}`, { cause: error });
}

/**
 * The text of a shader with its includes, without unused included declarations.
 *
 * @param files the text of each file of shaders/, by its path there
 * @throws LocatedError for an unknown or malformed include, a cycle, a name that is declared twice, an unused function
 */
export function resolveIncludes(file: string, files: ReadonlyMap<string, string>): ResolvedShader {
  const lines: SourceLine[] = [];
  const texts: string[] = [];
  const included = new Set<string>();

  const append = (current: string, path: readonly string[]): void => {
    for (const [index, text] of files.get(current)!.split('\n').entries()) {
      const here = { file: current, line: index + 1 };
      const rest = directive.exec(text)?.[1];
      if (rest === undefined) {
        lines.push(here);
        texts.push(text);
        continue;
      }
      const fail = (message: string): never => {
        throw located({ lines: [here] }, new Error(message));
      };
      const name = quotedName.exec(rest)?.[1] ?? fail('malformed include; expected // #include "name"');
      const target = `include/${name}.wgsl`;
      if (!files.has(target)) fail(`unknown include '${name}': there is no shaders/${target}`);
      if (path.includes(target)) fail(`'${name}' includes itself: ${[...path, target].join(' → ')}`);
      if (!included.has(target)) append(target, [...path, target]);
      included.add(target);
    }
  };
  append(file, [file]);
  const text = texts.join('\n');
  try {
    checkSyntax(text); // before anything is removed
    return { file, lines, text: dropUnused(text, (line) => lines[line - 1]!, file) };
  } catch (error) {
    throw located({ lines }, error);
  }
}
